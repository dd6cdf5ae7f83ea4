// Draws from the seed when the faults happen, and to whom, and lets them. A node that is struck is not
// struck again before that is over, so that any two faults may be combined.
import assert from 'node:assert/strict'
import type { Random } from '../../src/ports/random.ts'
import { below, between, pickSome } from '../engine/draws.ts'
import { SeededRandom } from '../engine/seeded-random.ts'
import { delay, lose, PASS, type Rule } from '../network/rules.ts'
import type { StorageRule } from '../storage/storage.ts'
import type { World, WorldInit } from '../world.ts'
import type { Faults } from './faults.ts'
import { bounce, clog, hang, partition, slow, stallSource } from './strikes.ts'

const SHORTEST_MS = 100
/** What is held up for longer than the network's patience would be lost instead. */
const LONGEST_CLOG_MS = 1_500
const RUMOR_LATE_MS = 2_000

/** What a world must be made with for these faults to happen in it. */
export function worldFor(
  faults: Faults,
  { seed, nodes }: { readonly seed: string | number; readonly nodes: number },
): Pick<WorldInit, 'latent' | 'isDead' | 'skewMs'> {
  const mortal = Array.from({ length: nodes - faults.spared }, (_, i) => faults.spared + i)
  const random = new SeededRandom(seed).fork('dead')
  const dead = new Set(pickSome(random, mortal, Math.round(faults.dead * nodes)))
  const latent = Math.ceil(faults.join * nodes)
  return { latent, isDead: (index) => dead.has(index), skewMs: skews(faults, seed) }
}

/** Each node's own, the same in all its lives; half of them at one end or the other. */
function skews({ skewMs }: Faults, seed: string | number): (index: number) => number {
  const random = new SeededRandom(seed).fork('skew')
  return (index) => {
    const drawn = 2 * random.fork(String(index)).next() - 0.5
    return Math.round((Math.min(1, Math.max(0, drawn)) - 0.5) * skewMs)
  }
}

/** Lets the faults happen; resolves when the last one has been made good. */
export async function unleash(world: World, faults: Faults): Promise<void> {
  await new Unleashed(world, faults).run()
}

type Strike = (index: number, random: Random) => Promise<void>

class Unleashed {
  readonly #world: World
  readonly #faults: Faults
  readonly #random: Random
  /** How many nodes there were at the start; those behind them are still to join. */
  readonly #nodes: number
  readonly #struck = new Set<number>()

  constructor(world: World, faults: Faults) {
    this.#world = world
    this.#faults = faults
    this.#random = world.random.fork('faults')
    this.#nodes = world.nodes.length - world.latent
    assert(this.#nodes > faults.spared, 'every node is spared')
  }

  async run(): Promise<void> {
    const { network, storage } = this.#world
    const [rules, storageRule] = [this.#networkRules(), this.#storageRule()]
    network.rules.push(...rules)
    storage.rules.push(storageRule)
    await Promise.all([
      this.#world.sleep(this.#faults.forMs),
      ...this.#strikes(),
      ...this.#joins(),
      this.#partitions(),
      ...this.#stalls(),
    ])
    for (const rule of rules) network.rules.splice(network.rules.indexOf(rule), 1)
    storage.rules.splice(storage.rules.indexOf(storageRule), 1)
  }

  #strikes(): Promise<void>[] {
    const world = this.#world
    const kinds: Partial<Record<keyof Faults, Strike>> = {
      crash: async (index, random) => world.crash(index, { isSilent: random.next() < 0.5 }),
      leave: (index) => world.node(index).stop(),
      bounce: (index, random) =>
        bounce(world, index, { forMs: this.#duration(random), isSilent: random.next() < 0.3 }),
      hang: (index, random) => hang(world, index, this.#duration(random)),
      slow: (index, random) => slow(world, index, this.#duration(random)),
      clog: (index, random) => {
        const to = world.node(below(random, this.#nodes)).peer
        const way = { from: world.node(index).peer, to }
        return clog(world, way, between(random, SHORTEST_MS, LONGEST_CLOG_MS))
      },
    }
    return Object.entries(kinds).flatMap(([kind, strike]) => {
      const random = this.#random.fork(kind)
      const count = timesOf(random, this.#faults[kind as keyof Faults] * this.#nodes)
      const isForGood = kind === 'crash' || kind === 'leave'
      return Array.from({ length: count }, () => this.#strike(random, strike, isForGood))
    })
  }

  /** At some moment one who lives, and is not struck already. */
  async #strike(random: Random, strike: Strike, isForGood: boolean): Promise<void> {
    const { spared } = this.#faults
    await this.#someTime(random)
    const index = spared + below(random, this.#nodes - spared)
    if (this.#struck.has(index) || !this.#world.node(index).isLiving) return
    this.#struck.add(index)
    await strike(index, random)
    if (!isForGood) this.#struck.delete(index)
  }

  #joins(): Promise<void>[] {
    const random = this.#random.fork('join')
    const count = Math.min(this.#world.latent, timesOf(random, this.#faults.join * this.#nodes))
    return Array.from({ length: count }, async (_, i) => {
      await this.#someTime(random)
      await this.#world.bounce(this.#nodes + i)
    })
  }

  /** One after another: a node is on one side at a time. */
  async #partitions(): Promise<void> {
    const random = this.#random.fork('partition')
    const { partition: count, forMs } = this.#faults
    for (let i = 0; i < count; i++) {
      await this.#world.sleep(between(random, 0, forMs / count))
      await partition(this.#world, this.#sides(random), this.#duration(random))
    }
  }

  #sides(random: Random): (index: number) => number {
    const all = [...this.#world.nodes.keys()]
    if (random.next() < 0.5) {
      const away = new Set(pickSome(random, all, 1 + below(random, Math.ceil(all.length / 8))))
      return (index) => (away.has(index) ? 1 : 0)
    }
    const sides = all.map(() => below(random, 2 + below(random, 2)))
    return (index) => sides[index] ?? 0
  }

  #stalls(): Promise<void>[] {
    const random = this.#random.fork('stall')
    return Array.from({ length: this.#faults.sourceStall }, async () => {
      await this.#someTime(random)
      await stallSource(this.#world, this.#duration(random))
    })
  }

  #networkRules(): Rule[] {
    const { loss, late, rumorLoss, rumorLate } = this.#faults
    return [
      lose(this.#random.fork('loss'), loss, ['request', 'reply']),
      lose(this.#random.fork('rumor loss'), rumorLoss, ['gossip']),
      delay(this.#random.fork('late'), late, 200),
      overtaken(this.#random.fork('rumor late'), rumorLate),
    ]
  }

  #storageRule(): StorageRule {
    const { sourceError, sourceHang } = this.#faults
    const random = this.#random.fork('source')
    return () => {
      const drawn = random.next()
      if (drawn < sourceHang) return { type: 'hang' }
      return drawn < sourceHang + sourceError ? { type: 'error', code: 'EIO' } : undefined
    }
  }

  #duration(random: Random): number {
    return between(random, SHORTEST_MS, this.#faults.longestMs)
  }

  #someTime(random: Random): Promise<void> {
    return this.#world.sleep(between(random, 0, this.#faults.forMs))
  }
}

function overtaken(random: Random, share: number): Rule {
  return ({ kind }) => {
    if (kind !== 'gossip' || random.next() >= share) return PASS
    return { type: 'deliver', afterMs: random.next() * RUMOR_LATE_MS }
  }
}

/** A whole number that is `expected` on average. */
function timesOf(random: Random, expected: number): number {
  return Math.floor(expected) + (random.next() < expected % 1 ? 1 : 0)
}
