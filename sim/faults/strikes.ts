// What happens to one node, or to the ways between some, from its beginning to its end. Each of these
// puts right again what it has done, however the node has fared meanwhile.
import type { PeerId } from '../../src/ports/messages.ts'
import { PASS, type Rule } from '../network/rules.ts'
import type { World } from '../world.ts'

/** How much slower a slow node is. */
const SLOWNESS = 10

export async function bounce(
  world: World,
  index: number,
  { forMs, isSilent }: { readonly forMs: number; readonly isSilent: boolean },
): Promise<void> {
  world.crash(index, { isSilent })
  await world.sleep(forMs)
  await world.bounce(index)
}

export async function hang(world: World, index: number, forMs: number): Promise<void> {
  world.hang(index)
  await world.sleep(forMs)
  world.resume(index)
}

export async function slow(world: World, index: number, forMs: number): Promise<void> {
  const { peer } = world.node(index)
  world.network.slow(peer, SLOWNESS)
  await world.sleep(forMs)
  world.network.slow(peer, 1)
}

/** What the one sends to the other arrives only at the end. */
export async function clog(
  world: World,
  way: { readonly from: PeerId; readonly to: PeerId },
  forMs: number,
): Promise<void> {
  const endMs = world.clock.elapsedMs + forMs
  const rule: Rule = ({ from, to }) => {
    const afterMs = endMs - world.clock.elapsedMs
    if (from !== way.from || to !== way.to || afterMs <= 0) return PASS
    return { type: 'deliver', afterMs }
  }
  world.network.rules.push(rule)
  await world.sleep(forMs)
  world.network.rules.splice(world.network.rules.indexOf(rule), 1)
}

export async function partition(
  world: World,
  sideOf: (index: number) => number,
  forMs: number,
): Promise<void> {
  world.partition(sideOf)
  await world.sleep(forMs)
  world.repair()
}

/** The source takes calls, and ends none before the stall is over. */
export async function stallSource(world: World, forMs: number): Promise<void> {
  const untilMs = world.clock.elapsedMs + forMs
  const rule = () => ({ type: 'stall', untilMs }) as const
  world.storage.rules.push(rule)
  await world.sleep(forMs)
  world.storage.rules.splice(world.storage.rules.indexOf(rule), 1)
}
