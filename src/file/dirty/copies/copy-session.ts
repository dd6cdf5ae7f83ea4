// The writer's side of copies: which peers keep them, under which lease, and what follows when one
// can't be reached any more.
//
// One peer keeps all copies of one inode, under one lease of all that it keeps. As long as the lease runs
// the keeper leaves the source alone; afterwards it may put its copies there. So a writer whose lease ran
// out writes nothing of these to the source before it knows what the keeper did: it may have been taken
// for dead, and others may have written since. A writer that has lost a keeper goes on with another one
// at once, but for the inodes that the lost one has copies of: what is dirty of them it first brings to
// the source, and takes nothing new before the keeper's time is over: what the keeper may still write
// are the same bytes then.
import type { Log } from '../../../base/log.ts'
import type { Counters } from '../../../base/counters.ts'
import { sleep } from '../../../base/time.ts'
import { PotluckError } from '../../../base/errors.ts'
import type { DirtyAnswer, DirtyPiece } from '../../../ports/dirty/dirty-messages.ts'
import type { Inode, PeerId } from '../../../ports/messages.ts'
import { firstSession, KeptBy, type KeptByInit, LEASE_MS, lifeOf, type Verdict } from './kept-by.ts'

/** So long after its lease a keeper has done what it may do. */
const GRACE_MS = 4_000
const LOOK_MS = 250
const CANDIDATES = 4
/** Where nobody keeps copies, nobody is asked again for so long. */
const ALONE_MS = 1_000
const TRIES = 4

export type CopySessionInit = Omit<KeptByInit, 'peer' | 'number'> & {
  readonly epoch: number
  readonly counters: Counters
  readonly log?: Log | undefined
  /** Who may keep copies, the closest first. */
  readonly candidates: () => readonly PeerId[]
  /** No process of it runs now: not only silent. */
  readonly isGone: (peer: PeerId) => boolean
  /** Puts all that is dirty of these on the source; resolves when it has tried. */
  readonly flushAll: (inodes: ReadonlySet<Inode>) => Promise<void>
  /** What is dirty now. */
  readonly pieces: () => Iterable<DirtyPiece>
  /** Their keeper has put all of these on the source: nothing here is dirty any more. */
  readonly onTaken: (inodes: ReadonlySet<Inode>) => void
  /** What is still dirty has its copies elsewhere now. */
  readonly onMoved: () => void
}

export class CopySession {
  readonly #init: CopySessionInit
  /** Of what is written from now on. */
  #keeper: KeptBy | undefined
  /** Those that were lost, until they can do no harm any more. */
  readonly #lost = new Set<KeptBy>()
  #choosing: Promise<KeptBy | undefined> | undefined
  #number: number
  #aloneUntilMs = 0
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: CopySessionInit) {
    this.#init = init
    this.#number = firstSession(init.epoch)
  }

  /** Under which an inode's dirty bytes are announced, and who has copies of them. */
  keeperOf(inode: Inode): { readonly session: number; readonly copy?: PeerId } {
    const [keeper = this.#keeper] = this.#having(inode)
    return keeper === undefined
      ? { session: this.#number }
      : { session: keeper.number, copy: keeper.peer }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** Has a copy kept; false where nobody can. */
  async keep(piece: DirtyPiece): Promise<boolean> {
    for (let tries = 0; tries < TRIES && !this.#isStopped; tries++) {
      await this.settled(piece.inode)
      const verdict = await this.#keep(piece)
      if (verdict === 'kept' || verdict === 'full') return verdict === 'kept'
    }
    return false
  }

  /** A peer has left. */
  left(peer: PeerId): void {
    const keeper = this.#keeper
    if (keeper?.peer === peer) void this.#lose(keeper, 'silent')
  }

  /** What was written up to this number needs no copy any more; resolves when nobody has one. */
  async drop(inode: Inode, through: number): Promise<void> {
    for (const keeper of this.#having(inode)) {
      const isLost = keeper.settling !== undefined
      const verdict = isLost ? 'kept' : await keeper.ask({ step: 'drop', inode, through })
      if (verdict !== 'kept') void this.#lose(keeper, verdict)
      else if ((keeper.newest.get(inode) ?? 0) <= through) this.#forget(keeper, inode)
    }
  }

  /** Resolves when no keeper that was lost can write this to the source any more. */
  async settled(inode: Inode): Promise<void> {
    for (const { newest, settling } of this.#lost) if (newest.has(inode)) await settling
  }

  /**
   * Waits until this node may write what is dirty of an inode to the source. `unless-changed`: nobody
   * knows what its keeper has done, so only where the file is as it was left.
   *
   * @throws PotluckError ESTALE where the keeper has done it
   */
  async mayWrite(inode: Inode): Promise<'now' | 'unless-changed'> {
    let answer: 'now' | 'unless-changed' = 'now'
    for (const keeper of this.#having(inode)) {
      if ((await this.#mayPass(keeper)) === 'unless-changed') answer = 'unless-changed'
    }
    return answer
  }

  async #mayPass(keeper: KeptBy): Promise<'now' | 'unless-changed'> {
    const { clock, isGone } = this.#init
    while (!keeper.isSafe && !isGone(keeper.peer)) {
      const verdict = await keeper.ask({ step: 'renew' })
      if (verdict === 'kept' || verdict === 'unknown') break
      if (verdict === 'taken') {
        this.#taken(keeper)
        throw new PotluckError('ESTALE', `${keeper.peer} has put the written bytes on the source`)
      }
      if (clock.now() > keeper.untilMs + 2 * LEASE_MS) return 'unless-changed'
      await sleep(clock, LOOK_MS)
    }
    return 'now'
  }

  /** A keeper that has heard nothing of us asks about a session. */
  alive(session: number, stamp: number): DirtyAnswer {
    const known = [...this.#lost, ...(this.#keeper === undefined ? [] : [this.#keeper])]
    if (known.some(({ number }) => number === session)) return { type: 'kept' }
    const isOurs = lifeOf(session) === this.#init.epoch
    // All of an older session of this life is on the source, or has another keeper.
    return isOurs ? { type: 'clean', stamp } : { type: 'refused', why: 'unknown' }
  }

  /** The one that has the newest copies first. */
  #having(inode: Inode): KeptBy[] {
    const known = this.#keeper === undefined ? [] : [this.#keeper]
    return [...known, ...this.#lost].filter(({ newest }) => newest.has(inode))
  }

  /** Nothing that it has of this is dirty any more, or it has nothing. */
  #forget(keeper: KeptBy, inode: Inode): void {
    keeper.newest.delete(inode)
    if (keeper.newest.size === 0) this.#lost.delete(keeper)
  }

  /** It has put all that it has on the source. */
  #taken(keeper: KeptBy): void {
    if (this.#keeper === keeper) this.#keeper = undefined
    this.#lost.delete(keeper)
    this.#init.onTaken(new Set(keeper.newest.keys()))
  }

  async #keep(piece: DirtyPiece): Promise<Verdict> {
    const keeper = await this.#chosen()
    if (keeper === undefined) return 'full'
    const before = keeper.newest.get(piece.inode)
    // It may have the piece, whatever becomes of its answer.
    keeper.newest.set(piece.inode, piece.sequence)
    const verdict = await keeper.ask({ step: 'keep', ...piece })
    if (verdict === 'kept') this.#renewLater()
    else if (verdict !== 'full') await this.#lose(keeper, verdict)
    else if (before === undefined) keeper.newest.delete(piece.inode)
    return verdict
  }

  async #chosen(): Promise<KeptBy | undefined> {
    if (this.#keeper !== undefined) return this.#keeper
    this.#choosing ??= this.#choose().finally(() => (this.#choosing = undefined))
    return this.#choosing
  }

  async #choose(): Promise<KeptBy | undefined> {
    const { clock, candidates } = this.#init
    if (clock.now() < this.#aloneUntilMs) return undefined
    const lost = new Set([...this.#lost].map(({ peer }) => peer))
    const others = candidates().filter((peer) => !lost.has(peer))
    for (const peer of others.slice(0, CANDIDATES)) {
      const keeper = new KeptBy({ ...this.#init, peer, number: ++this.#number })
      const verdict = await keeper.ask({ step: 'begin' })
      if (verdict !== 'kept') continue
      this.#keeper = keeper
      return keeper
    }
    this.#aloneUntilMs = clock.now() + ALONE_MS
    return undefined
  }

  #lose(keeper: KeptBy, why: Verdict): Promise<void> {
    if (this.#keeper === keeper) this.#keeper = undefined
    this.#lost.add(keeper)
    keeper.settling ??= this.#settle(keeper, why)
    return keeper.settling
  }

  async #settle(keeper: KeptBy, why: Verdict): Promise<void> {
    const { log, counters, flushAll, onMoved, pieces } = this.#init
    counters.add('dirty_keepers_lost_total')
    log?.('warn', `${keeper.peer}, which keeps copies of what was written here, is lost: ${why}`)
    const inodes = new Set(keeper.newest.keys())
    if (why !== 'taken') await flushAll(inodes)
    const end = why === 'silent' ? await this.#outlive(keeper) : why
    if (end === 'taken') return this.#taken(keeper)
    const rest = [...pieces()].filter(({ inode }) => inodes.has(inode))
    for (const piece of rest) if ((await this.#keep(piece)) !== 'kept') break
    if (rest.length > 0) onMoved()
    const dirty = new Set(rest.map(({ inode }) => inode))
    // What a silent one has done with what is dirty yet, nobody knows: see `mayWrite`.
    const isUnknown = end === 'silent' && !this.#init.isGone(keeper.peer)
    for (const [inode, through] of keeper.newest) {
      if (end === 'kept') void keeper.ask({ step: 'drop', inode, through })
      if (!isUnknown || !dirty.has(inode)) this.#forget(keeper, inode)
    }
    return undefined
  }

  /** Waits until a keeper that is silent has done what it may do, or speaks. */
  async #outlive(keeper: KeptBy): Promise<Verdict> {
    const { clock, isGone } = this.#init
    while (!this.#isStopped && !isGone(keeper.peer)) {
      if (clock.now() > keeper.untilMs + GRACE_MS) break
      await sleep(clock, LOOK_MS)
      const verdict = await keeper.ask({ step: 'renew' })
      if (verdict !== 'silent') return verdict
    }
    return 'silent'
  }

  /** Renews the lease as long as it is of any use. */
  #renewLater(): void {
    this.#cancel ??= this.#init.clock.after(LEASE_MS / 4, () => {
      this.#cancel = undefined
      const keeper = this.#keeper
      if (keeper === undefined || keeper.newest.size === 0 || this.#isStopped) return
      void keeper
        .ask({ step: 'renew' })
        .then((verdict) => (verdict === 'kept' ? this.#renewLater() : this.#lose(keeper, verdict)))
    })
  }
}
