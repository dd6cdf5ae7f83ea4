import type { Counters } from '../base/counters.ts'
import type { HybridClock } from '../block/stamp.ts'
import type { Invalidation } from '../ports/messages.ts'
import { RumorRoom } from '../rumor/rumor-room.ts'
import type { NodePorts } from './mesh-node.ts'

export type RumorsInit = {
  readonly epoch: number
  readonly volumes: ReadonlySet<string>
  readonly stamps: HybridClock
  readonly counters: Counters
  readonly apply: (invalidation: Invalidation) => void
}

/** What this node tells, and hears, of changes. */
export function rumorsOf(ports: NodePorts, init: RumorsInit): RumorRoom {
  const { clock, network, routing, rumors, log } = ports
  const random = ports.random.fork('rumor')
  const somePeer = () => {
    const contacts = routing.contacts()
    return contacts[Math.floor(random.next() * contacts.length)]?.peer
  }
  const self = routing.self.peer
  return new RumorRoom({ ...init, clock, random, network, rumors, log, self, somePeer })
}
