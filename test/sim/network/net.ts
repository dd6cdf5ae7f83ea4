// A simulated network without nodes: bare ports, for tests of the network itself.
import type { PeerId, Reply, Request } from '../../../src/ports/messages.ts'
import type { Network } from '../../../src/ports/network.ts'
import { DEFAULT_COSTS, DEFAULT_TOPOLOGY, type NetworkCosts } from '../../../sim/network/costs.ts'
import { Life } from '../../../sim/engine/life.ts'
import { SimNetwork } from '../../../sim/network/network.ts'
import { TraceHash } from '../../../sim/engine/trace-hash.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

/** No CPU, no bandwidth: only distance, 1 ms a way, unless said otherwise. */
const FREE: NetworkCosts = {
  ...DEFAULT_COSTS,
  cpuMessageMs: 0,
  cpuByteMs: 0,
  upBytesPerMs: Infinity,
  downBytesPerMs: Infinity,
  rackLatencyMs: 1,
}

const PING: Request = { type: 'describe', volume: 'data' }
export const DONE: Reply = { type: 'done' }

export function blockReply(length: number): Reply {
  const block = { stamp: 1, version: 1, checksum: 0, bytes: new Uint8Array(length) }
  return { type: 'answer', answer: { type: 'block', block } }
}

export class Net {
  readonly clock = new VirtualClock()
  readonly trace = new TraceHash()
  readonly unreachable: string[] = []
  readonly network: SimNetwork
  readonly lives = new Map<PeerId, Life>()
  readonly ports: Network[] = []

  constructor(nodes: number, costs: Partial<NetworkCosts> = {}) {
    const { clock, trace } = this
    this.network = new SimNetwork({
      clock,
      trace,
      costs: { ...FREE, ...costs },
      topology: DEFAULT_TOPOLOGY,
      onUnreachable: (asker, peer) => this.unreachable.push(`${asker} misses ${peer}`),
    })
    for (let index = 0; index < nodes; index++) this.ports.push(this.attach(index))
  }

  attach(index: number): Network {
    const life = new Life(this.clock)
    this.lives.set(`n${index}`, life)
    return this.network.attach({ peer: `n${index}`, index, life })
  }

  life(index: number): Life {
    return this.lives.get(`n${index}`) as Life
  }

  port(index: number): Network {
    return this.ports[index] as Network
  }

  ask(from: number, to: number, signal?: AbortSignal): Promise<Reply> {
    return this.port(from).request(`n${to}`, PING, signal === undefined ? {} : { signal })
  }

  /** When the request settled, in elapsed milliseconds, and how. */
  async timed(work: Promise<Reply>): Promise<{ atMs: number; outcome: string }> {
    const outcome = await work.then(
      (reply) => reply.type as string,
      (error: { code: string }) => error.code,
    )
    return { atMs: this.clock.elapsedMs, outcome }
  }

  settle(work: Promise<Reply>): Promise<{ atMs: number; outcome: string }> {
    return this.clock.runUntil(this.timed(work))
  }
}
