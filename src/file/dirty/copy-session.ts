// The writer's side of copies: which peer keeps them, under which lease, and what follows when it can't
// be reached any more.
//
// One peer keeps all copies of one writer, so that one lease covers them. As long as the lease runs
// the keeper leaves the source alone; afterwards it may put its copies there. So a writer whose lease ran
// out writes nothing to the source before it knows what the keeper did: it may have been taken for
// dead, and others may have written since. And a writer that has lost its keeper first brings all
// that it has to the source, and takes nothing new of those files before the keeper's time is over:
// what the keeper may still write are the same bytes then.
import type { Log } from '../../base/log.ts'
import type { Counters } from '../../base/counters.ts'
import { PotluckError } from '../../base/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DirtyAnswer, DirtyPiece, DirtyQuestion } from '../../ports/dirty/dirty-messages.ts'
import type { Inode, PeerId } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'

/** A keeper that has heard nothing for so long may put its copies on the source. */
export const LEASE_MS = 10_000
/** With less than this left no write to the source is begun. */
const MARGIN_MS = 1_000
/** So long after its lease a keeper has done what it may do. */
const GRACE_MS = 5_000
const LOOK_MS = 500
const CANDIDATES = 4
/** Where nobody keeps copies, nobody is asked again for so long. */
const ALONE_MS = 1_000
const TRIES = 4
/** Lives, in milliseconds, times this are still whole numbers. */
const SESSIONS_A_LIFE = 4_096

/** The life that a session is of. */
export function lifeOf(session: number): number {
  return Math.floor(session / SESSIONS_A_LIFE)
}

export type CopySessionInit = {
  readonly volume: string
  readonly epoch: number
  readonly clock: Clock
  readonly network: Network
  readonly counters: Counters
  readonly log?: Log | undefined
  /** Who may keep copies, the closest first. */
  readonly candidates: () => readonly PeerId[]
  /** No process of it runs now: not only silent. */
  readonly isGone: (peer: PeerId) => boolean
  /** Puts all that is dirty on the source; resolves when it has tried. */
  readonly flushAll: () => Promise<void>
  /** What is dirty now. */
  readonly pieces: () => Iterable<DirtyPiece>
  /** The keeper has put all of it on the source: nothing here is dirty any more. */
  readonly onTaken: () => void
  /** What is still dirty has its copies elsewhere now. */
  readonly onMoved: () => void
}

type Session = {
  readonly peer: PeerId
  readonly number: number
  /** Until when the keeper waits, by what it last answered. */
  untilMs: number
  settling?: Promise<void>
}

type Verdict = 'kept' | 'full' | 'taken' | 'unknown' | 'silent'

export class CopySession {
  readonly #init: CopySessionInit
  #session: Session | undefined
  #choosing: Promise<Session | undefined> | undefined
  #number: number
  #aloneUntilMs = 0
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(init: CopySessionInit) {
    this.#init = init
    this.#number = init.epoch * SESSIONS_A_LIFE
  }

  /** Under which dirty bytes are announced, and who has copies of them. */
  get current(): { readonly session: number; readonly copy?: PeerId } {
    const session = this.#session
    return session === undefined
      ? { session: this.#number }
      : { session: session.number, copy: session.peer }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** Has a copy kept; false where nobody can. */
  async keep(piece: DirtyPiece): Promise<boolean> {
    for (let tries = 0; tries < TRIES && !this.#isStopped; tries++) {
      const session = await this.#chosen()
      if (session === undefined) return false
      const verdict = await this.#ask(session, { step: 'keep', ...this.#of(session), ...piece })
      if (verdict === 'kept') {
        this.#renewLater()
        return true
      }
      if (verdict === 'full') return false
      await this.#lost(session, verdict)
    }
    return false
  }

  /** A peer has left. */
  left(peer: PeerId): void {
    const session = this.#session
    if (session?.peer === peer) void this.#lost(session, 'silent')
  }

  /** What was written up to this number needs no copy any more; resolves when nobody has one. */
  async drop(inode: Inode, through: number): Promise<void> {
    const session = this.#session
    if (session === undefined || session.settling !== undefined) return
    const question = { step: 'drop', ...this.#of(session), inode, through } as const
    const verdict = await this.#ask(session, question)
    if (verdict !== 'kept') void this.#lost(session, verdict)
  }

  /** Resolves when no keeper that was lost can write to the source any more. */
  async settled(): Promise<void> {
    await this.#session?.settling
  }

  /**
   * Waits until this node may write what is dirty to the source. `unless-changed`: nobody knows what the
   * keeper has done, so only where the file is as it was left.
   *
   * @throws PotluckError ESTALE where the keeper has done it
   */
  async mayWrite(): Promise<'now' | 'unless-changed'> {
    for (;;) {
      const session = this.#session
      const now = this.#init.clock.now()
      if (session === undefined || now < session.untilMs - MARGIN_MS) return 'now'
      const verdict = await this.#ask(session, { step: 'renew', ...this.#of(session) })
      if (verdict === 'kept' || verdict === 'unknown') return 'now'
      if (verdict === 'taken') {
        void this.#lost(session, verdict)
        throw new PotluckError('ESTALE', `${session.peer} has put the written bytes on the source`)
      }
      if (this.#init.isGone(session.peer)) return 'now'
      if (this.#init.clock.now() > session.untilMs + 2 * LEASE_MS) return 'unless-changed'
      await this.#sleep(LOOK_MS)
    }
  }

  /** A keeper that has heard nothing of us asks about a session. */
  alive(session: number, stamp: number): DirtyAnswer {
    if (session === this.#session?.number) return { type: 'kept' }
    const isOurs = lifeOf(session) === this.#init.epoch
    // All of an older session of this life is on the source, or has another keeper.
    return isOurs ? { type: 'clean', stamp } : { type: 'refused', why: 'unknown' }
  }

  async #chosen(): Promise<Session | undefined> {
    await this.#session?.settling
    if (this.#session !== undefined) return this.#session
    this.#choosing ??= this.#choose().finally(() => (this.#choosing = undefined))
    return this.#choosing
  }

  async #choose(): Promise<Session | undefined> {
    const { clock, candidates } = this.#init
    if (clock.now() < this.#aloneUntilMs) return undefined
    for (const peer of candidates().slice(0, CANDIDATES)) {
      const session: Session = { peer, number: ++this.#number, untilMs: 0 }
      const verdict = await this.#ask(session, { step: 'begin', ...this.#of(session) })
      if (verdict !== 'kept') continue
      this.#session = session
      return session
    }
    this.#aloneUntilMs = clock.now() + ALONE_MS
    return undefined
  }

  async #ask(session: Session, question: DirtyQuestion): Promise<Verdict> {
    const { clock, network } = this.#init
    const sentMs = clock.now()
    try {
      const reply = await network.request(session.peer, { type: 'dirty', question })
      if (reply.type !== 'dirty') return 'silent'
      if (reply.answer.type === 'refused') return reply.answer.why
      session.untilMs = Math.max(session.untilMs, sentMs + LEASE_MS)
      return 'kept'
    } catch {
      return 'silent'
    }
  }

  #lost(session: Session, why: Verdict): Promise<void> {
    session.settling ??= this.#settle(session, why)
    return session.settling
  }

  async #settle(session: Session, why: Verdict): Promise<void> {
    const { log, counters, flushAll, onTaken, onMoved, pieces } = this.#init
    counters.add('dirty_keepers_lost_total')
    log?.('warn', `${session.peer}, which keeps copies of what was written here, is lost: ${why}`)
    if (why !== 'taken') await flushAll()
    const isTaken = why === 'taken' || (why === 'silent' && (await this.#outlive(session)))
    if (isTaken) onTaken()
    if (this.#session === session) this.#session = undefined
    const rest = [...pieces()]
    for (const piece of rest) if (!(await this.keep(piece))) break
    if (rest.length > 0) onMoved()
  }

  /** Waits until a keeper has done what it may do. @returns whether it has put all on the source */
  async #outlive(session: Session): Promise<boolean> {
    const { clock, isGone } = this.#init
    while (!this.#isStopped && !isGone(session.peer)) {
      if (clock.now() > session.untilMs + GRACE_MS) return false
      await this.#sleep(LOOK_MS)
      const verdict = await this.#ask(session, { step: 'alive', ...this.#of(session) })
      if (verdict !== 'silent') return verdict === 'taken'
    }
    return false
  }

  /** Renews the lease as long as it is of any use. */
  #renewLater(): void {
    this.#cancel ??= this.#init.clock.after(LEASE_MS / 4, () => {
      this.#cancel = undefined
      const session = this.#session
      const [first] = this.#init.pieces()
      if (first === undefined || session === undefined || this.#isStopped) return
      void this.#ask(session, { step: 'renew', ...this.#of(session) }).then((verdict) =>
        verdict === 'kept' ? this.#renewLater() : this.#lost(session, verdict),
      )
    })
  }

  #of({ number }: Session): { readonly session: number; readonly volume: string } {
    return { session: number, volume: this.#init.volume }
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#init.clock.after(delayMs, resolve))
  }
}
