// Faults out of a seed: what may happen to a world, how often, and nothing that depends on what its
// nodes do. Everything that is begun is also ended, so after `durationMs` the world is whole again.
import type { Random } from '../../src/ports/random.ts'
import { below, between } from '../../sim/engine/draws.ts'
import { delay, lose, type Rule } from '../../sim/network/rules.ts'
import type { StorageRule } from '../../sim/storage/storage.ts'
import type { World } from '../../sim/world.ts'

export type FaultsInit = {
  /** For so long, from now. */
  readonly durationMs: number
  /** Between one node's crash, hang, or cut and the next one's, on average; 0 for none. */
  readonly everyMs: number
  /** Share of gossip messages that are lost. */
  readonly gossipLoss: number
  /** Share of requests and replies that are lost, which looks like a dead connection. */
  readonly requestLoss: number
  /** Share of requests and replies that are late, by up to 200 ms. */
  readonly late: number
  /** Share of calls to the storage that fail with EIO. */
  readonly storageErrors: number
  /** The same node numbers are spared always: somebody must be there to ask. */
  readonly spared: number
}

export const SOME_FAULTS: FaultsInit = {
  durationMs: 20_000,
  everyMs: 1_000,
  gossipLoss: 0.05,
  requestLoss: 0.001,
  late: 0.02,
  storageErrors: 0.002,
  spared: 1,
}

/** Lets the faults happen; resolves when the last one has been made good. */
export async function unleash(world: World, init: FaultsInit): Promise<void> {
  const random = world.random.fork('faults')
  const rules = networkRules(random, init)
  const storageRule = failing(random.fork('storage'), init.storageErrors)
  world.network.rules.push(...rules)
  world.storage.rules.push(storageRule)
  await strikeAgainAndAgain(world, random.fork('strikes'), init)
  remove(world.network.rules, rules)
  remove(world.storage.rules, [storageRule])
}

function networkRules(random: Random, init: FaultsInit): Rule[] {
  return [
    lose(random.fork('gossip'), init.gossipLoss, ['gossip']),
    lose(random.fork('requests'), init.requestLoss, ['request', 'reply']),
    delay(random.fork('late'), init.late, 200),
  ]
}

function failing(random: Random, share: number): StorageRule {
  return () => (random.next() < share ? { type: 'error', code: 'EIO' } : undefined)
}

async function strikeAgainAndAgain(world: World, random: Random, init: FaultsInit): Promise<void> {
  const endMs = world.clock.elapsedMs + init.durationMs
  const strikes: Promise<void>[] = []
  while (init.everyMs > 0 && world.clock.elapsedMs < endMs) {
    strikes.push(strike(world, random, init))
    await world.sleep(between(random, 0, 2 * init.everyMs))
  }
  await Promise.all(strikes)
  await world.sleep(Math.max(0, endMs - world.clock.elapsedMs))
}

async function strike(world: World, random: Random, { spared }: FaultsInit): Promise<void> {
  const kind = random.next()
  const index = spared + below(random, world.nodes.length - spared)
  const forMs = between(random, 100, 6_000)
  if (kind < 0.5) await crash(world, index, { forMs, isSilent: kind < 0.15 })
  else if (kind < 0.8) await hang(world, index, forMs)
  else await cut(world, new Set([index, below(random, world.nodes.length)]), forMs)
}

async function crash(
  world: World,
  index: number,
  { forMs, isSilent }: { readonly forMs: number; readonly isSilent: boolean },
): Promise<void> {
  if (!world.node(index).isLiving) return
  world.crash(index, { isSilent })
  await world.sleep(forMs)
  if (!world.node(index).isLiving) await world.bounce(index)
}

async function hang(world: World, index: number, forMs: number): Promise<void> {
  if (world.node(index).life.state !== 'running') return
  const { life } = world.node(index)
  world.hang(index)
  await world.sleep(forMs)
  if (world.node(index).life === life) world.resume(index)
}

async function cut(world: World, away: ReadonlySet<number>, forMs: number): Promise<void> {
  world.partition((index) => (away.has(index) ? 1 : 0))
  await world.sleep(forMs)
  world.repair()
}

function remove<T>(from: T[], what: readonly T[]): void {
  for (const one of what) from.splice(from.indexOf(one), 1)
}
