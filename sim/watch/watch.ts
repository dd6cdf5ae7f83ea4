// Hands what goes on in a world to its checkers, and collects what they say.
import { codeOf } from '../../src/base/errors.ts'
import type {
  Attributes,
  Gossip,
  Invalidation,
  Name,
  Path,
  Reply,
} from '../../src/ports/messages.ts'
import type { Network } from '../../src/ports/network.ts'
import type { Rumors } from '../../src/ports/rumors.ts'
import { PASS } from '../network/rules.ts'
import type { NodeInside, World } from '../world.ts'
import type { WorldNode } from '../world-node.ts'
import type { Checker, LockedRead, Phase, ProgramRead, Violation, Who } from './checker.ts'
import type { History } from './history.ts'
import { type Expected, madeBy } from './made-by.ts'
import { Tellings } from './tellings.ts'

/** After so many of one checker the run is wrong beyond doubt, and the rest says nothing new. */
const VIOLATIONS_MAX = 10

export class Watch {
  readonly violations: Violation[] = []
  readonly #tellings = new Tellings()
  #checkers: readonly Checker[] = []
  #world: World | undefined

  /** Give this to the world that is to be watched. */
  readonly instrument = (inside: NodeInside, node: WorldNode): NodeInside => {
    const who = { node, epoch: node.epoch }
    const network = this.#network(who, inside.ports.network)
    const rumors = this.#rumors(who, inside.ports.rumors)
    return { ...inside, ports: { ...inside.ports, network, rumors } }
  }

  /** Before anything happens in the world. */
  begin(world: World, checkers: readonly Checker[]): void {
    this.#world = world
    this.#checkers = checkers
    const byPeer = new Map(world.nodes.map((node) => [node.peer, node]))
    const watchers = this.#checkers.filter((checker) => checker.sent !== undefined)
    world.network.rules.unshift(({ from }) => {
      const node = byPeer.get(from)
      if (node !== undefined) for (const checker of watchers) checker.sent?.(node)
      return PASS
    })
    for (const checker of this.#checkers) {
      checker.begin?.(world, (what) => this.#say(checker.name, what))
    }
  }

  phase(phase: Phase): void {
    for (const checker of this.#checkers) checker.phase?.(phase)
  }

  /** Does a read of a program, tells of it, and never fails. */
  async read(
    who: { readonly node: WorldNode; readonly path: Path; readonly openedMs?: number },
    work: () => Promise<Uint8Array>,
  ): Promise<ProgramRead> {
    const { node, path, openedMs } = who
    const { epoch } = node
    for (const checker of this.#checkers) checker.reading?.({ node, epoch }, path)
    const startMs = this.#now()
    const outcome = await work().then(
      (bytes) => ({ outcome: 'read', bytes }) as const,
      (error: unknown) => failure(error),
    )
    const read = { node, epoch, path, openedMs, startMs, endMs: this.#now(), ...outcome }
    for (const checker of this.#checkers) checker.read?.(read)
    return read
  }

  /** Does a change of a program, and tells of what it made. @throws what the change fails with */
  async change(node: WorldNode, history: History, work: () => Promise<Expected>): Promise<void> {
    const { epoch } = node
    const startMs = this.#now()
    const expected = await work()
    const change = { node, epoch, startMs, endMs: this.#now() }
    const made = madeBy(history, expected, change)
    for (const checker of this.#checkers) checker.changed?.({ ...change, ...made })
  }

  lockedRead(read: LockedRead): void {
    for (const checker of this.#checkers) checker.lockedRead?.(read)
  }

  /** Lists a directory for a program, tells of it, and never fails. */
  async list(
    { node, path }: { readonly node: WorldNode; readonly path: Path },
    work: () => Promise<ReadonlyMap<Name, Attributes | undefined>>,
  ): Promise<void> {
    const { epoch } = node
    const outcome = await work().then(
      (entries) => ({ outcome: 'listed', entries }) as const,
      (error: unknown) => ({ outcome: 'failed', code: codeOf(error), error }) as const,
    )
    for (const checker of this.#checkers) checker.listed?.({ node, epoch, path, ...outcome })
  }

  quiet(): void {
    for (const checker of this.#checkers) checker.quiet?.()
  }

  stopped(): void {
    for (const checker of this.#checkers) checker.stopped?.()
  }

  #now(): number {
    return this.#world?.clock.elapsedMs ?? 0
  }

  #say(checker: string, what: string): void {
    const known = this.violations.filter((violation) => violation.checker === checker)
    if (known.length >= VIOLATIONS_MAX) return
    this.violations.push({ checker, atMs: this.#now(), what })
  }

  #network(who: Who, network: Network): Network {
    return {
      queuedBytes: () => network.queuedBytes(),
      handle: (handler) =>
        network.handle(async (from, request, options) => {
          try {
            return await handler(from, request, options)
          } finally {
            this.#busy(who, network)
          }
        }),
      request: async (to, request, options) => {
        const reply = await network.request(to, request, options)
        this.#answered(who, reply)
        this.#busy(who, network)
        return reply
      },
    }
  }

  /** What a repair brings counts as heard. */
  #answered(who: Who, reply: Reply): void {
    if (reply.type === 'rumors') {
      for (const { invalidations } of reply.rumors) this.#acknowledge(who, invalidations)
    }
  }

  #rumors(who: Who, rumors: Rumors): Rumors {
    const heard = (gossip: Gossip) => {
      if (gossip.type === 'rumor') this.#acknowledge(who, gossip.rumor.invalidations)
    }
    return {
      publish: (gossip) => {
        if (gossip.type === 'rumor') this.#tells(who, gossip.rumor.invalidations)
        heard(gossip)
        rumors.publish(gossip)
      },
      subscribe: (listener) =>
        rumors.subscribe((gossip, from) => {
          listener(gossip, from)
          heard(gossip)
        }),
    }
  }

  #busy(who: Who, network: Network): void {
    if (who.node.epoch !== who.epoch || !who.node.isLiving) return
    const load = { ...who.node.mesh.gauges(), queuedBytes: network.queuedBytes() }
    for (const checker of this.#checkers) checker.busy?.(who, load)
  }

  #acknowledge(who: Who, invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) {
      const toldMs = this.#tellings.toldMs(invalidation)
      for (const checker of this.#checkers) checker.acknowledged?.(who, invalidation.inode, toldMs)
    }
  }

  #tells({ node }: Who, invalidations: readonly Invalidation[]): void {
    const aheadMs = this.#world?.skewMs(node.index) ?? 0
    const teller = { aheadMs, nowMs: this.#now() }
    for (const invalidation of invalidations) this.#tellings.told(invalidation, teller)
  }
}

function failure(error: unknown) {
  const code = codeOf(error)
  if (code === 'ENOENT') return { outcome: 'absent' } as const
  return { outcome: 'failed', code, error } as const
}
