// One peer that keeps copies for this node, for as long as the two of them agree on it.
import type { Clock } from '../../../ports/clock.ts'
import type { DirtyPiece, DirtyQuestion } from '../../../ports/dirty/dirty-messages.ts'
import type { Inode, PeerId } from '../../../ports/messages.ts'
import type { Network } from '../../../ports/network.ts'

/**
 * A keeper that has heard nothing for so long may put its copies on the source: longer than it takes to
 * be sure of a silence, and short, because a file whose keeper is silent can't be written meanwhile.
 */
export const LEASE_MS = 3_000
/** With less than this left no write to the source is begun. */
const MARGIN_MS = 250

/** Lives, in milliseconds, times this are still whole numbers. */
const SESSIONS_A_LIFE = 4_096

/** Below the numbers of all sessions of a life. */
export function firstSession(epoch: number): number {
  return epoch * SESSIONS_A_LIFE
}

/** The life that a session is of. */
export function lifeOf(session: number): number {
  return Math.floor(session / SESSIONS_A_LIFE)
}

/** A question, but for the session. */
export type Asked =
  | { readonly step: 'begin' | 'renew' }
  | ({ readonly step: 'keep' } & DirtyPiece)
  | { readonly step: 'drop'; readonly inode: Inode; readonly through: number }

export type Verdict = 'kept' | 'full' | 'taken' | 'unknown' | 'silent'

export type KeptByInit = {
  readonly clock: Clock
  readonly network: Network
  readonly volume: string
  readonly peer: PeerId
  readonly number: number
}

export class KeptBy {
  readonly peer: PeerId
  readonly number: number
  /** Of what it has copies, and the newest write of each that it may have. */
  readonly newest = new Map<Inode, number>()
  /** Until when it leaves the source alone, by what it last answered. */
  untilMs = 0
  /** Resolves when it was lost, and can do no harm any more. */
  settling: Promise<void> | undefined
  readonly #init: KeptByInit

  constructor(init: KeptByInit) {
    this.#init = init
    this.peer = init.peer
    this.number = init.number
  }

  /** Whether it will leave the source alone for long enough to write something there. */
  get isSafe(): boolean {
    return this.#init.clock.now() < this.untilMs - MARGIN_MS
  }

  /** Never rejects. */
  async ask(what: Asked): Promise<Verdict> {
    const { clock, network, volume } = this.#init
    const sentMs = clock.now()
    const question: DirtyQuestion = { ...what, session: this.number, volume }
    try {
      const reply = await network.request(this.peer, { type: 'dirty', question })
      if (reply.type !== 'dirty') return 'silent'
      if (reply.answer.type === 'refused') return reply.answer.why
      this.untilMs = Math.max(this.untilMs, sentMs + LEASE_MS)
      return 'kept'
    } catch {
      return 'silent'
    }
  }
}
