// Copies of what peers have written and not yet put on the source. Where such a peer dies, its bytes are
// put there from here, in the order in which its files were first written.
//
// A writer that is only slow must not be overtaken: as long as its lease runs, nothing here touches the
// source; when it is over the writer is asked once more. Once it is taken for dead all its later messages
// of that session are refused, so that it learns of it.
import type { Log } from '../../../base/log.ts'
import { codeOf } from '../../../base/errors.ts'
import type { Counters } from '../../../base/counters.ts'
import { sleep } from '../../../base/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { DirtyAnswer, DirtyQuestion } from '../../../ports/dirty/dirty-messages.ts'
import type { Inode, PeerId, Stamp } from '../../../ports/messages.ts'
import type { Network } from '../../../ports/network.ts'
import { LEASE_MS, lifeOf } from './kept-by.ts'
import { DirtyRanges } from '../ranges.ts'
import type { KeptFile, TakenFrom, TakeOver } from './take-over.ts'

/** A writer renews its lease more often: one that has not is asked whether it still lives. */
const DOUBT_MS = LEASE_MS / 2
/** Later than by the writer's own reckoning, so that the two never write at one time. */
const LATE_MS = 1_000
const RETRY_MS = 5_000
const LOOK_MS = 500
const SESSIONS_MAX = 1_024

export type CopiesInit = {
  readonly clock: Clock
  readonly network: Network
  readonly counters: Counters
  readonly log?: Log | undefined
  readonly now: () => Stamp
  /** The most memory that copies may take, in bytes. */
  readonly capacityBytes: number
  /** Whether copies of this volume could be put on its source from here. */
  readonly isKeeper: (volume: string) => boolean
  readonly isGone: (peer: PeerId) => boolean
  readonly takeOver: TakeOver
  /** A peer has something of the inode that the source has not: its own word may come later. */
  readonly onKept: (from: TakenFrom, inode: Inode) => void
}

type Kept = {
  readonly peer: PeerId
  readonly session: number
  readonly volume: string
  readonly files: Map<Inode, KeptFile>
  heardMs: number
  isTaken: boolean
  taking?: Promise<void> | undefined
}

type Keep = DirtyQuestion & { readonly step: 'keep' }

export class Copies {
  readonly #init: CopiesInit
  /** The one that was begun last is the last. */
  readonly #sessions = new Map<string, Kept>()
  #cancel: (() => void) | undefined
  #cost = 0

  constructor(init: CopiesInit) {
    this.#init = init
  }

  /** Memory that copies take, in bytes. */
  get cost(): number {
    return this.#cost
  }

  stop(): void {
    this.#cancel?.()
  }

  /** What the writer asks; `from` is who it is. */
  answer(from: PeerId, question: DirtyQuestion): DirtyAnswer | Promise<DirtyAnswer> {
    if (question.step === 'begin') return this.#begin(from, question)
    const kept = this.#sessions.get(nameOf(from, question))
    if (kept === undefined) return { type: 'refused', why: 'unknown' }
    if (kept.isTaken) return { type: 'refused', why: 'taken' }
    kept.heardMs = this.#init.clock.now()
    if (question.step === 'keep') return this.#keep(kept, question)
    if (question.step === 'drop') this.#drop(kept, question.inode, question.through)
    return { type: 'kept' }
  }

  /** Somebody needs what a writer, which does not answer, had written. */
  async recall(question: DirtyQuestion & { readonly step: 'recall' }): Promise<DirtyAnswer> {
    const kept = this.#sessions.get(nameOf(question.by, question))
    if (kept === undefined) return { type: 'refused', why: 'unknown' }
    while (kept.files.has(question.inode)) {
      const isOver = await this.#isOver(kept)
      if (isOver) await this.#take(kept)
      else await sleep(this.#init.clock, LOOK_MS)
    }
    return { type: 'clean', stamp: this.#init.now() }
  }

  /** A peer was seen to be gone: its lease needs no waiting for. */
  gone(peer: PeerId): void {
    for (const kept of this.#sessions.values()) {
      if (kept.peer === peer && kept.files.size > 0) void this.#takeIfOver(kept)
    }
  }

  /** A peer is there, or there again: the lease of a life before needs no waiting for, either. */
  joined(peer: PeerId): void {
    for (const kept of this.#sessions.values()) {
      if (kept.peer === peer && kept.files.size > 0) void this.#takeIfOver(kept, true)
    }
  }

  /** Leaves nothing behind that only this node has: to be called before it ends. */
  async leave(): Promise<void> {
    for (const kept of this.#sessions.values()) {
      if (kept.files.size === 0 || (await this.#lookAt(kept)) === 'alive') continue
      while (!(await this.#isOver(kept))) await sleep(this.#init.clock, LOOK_MS)
      await this.#take(kept)
    }
  }

  /** What a peer wrote in a life before must not come to the source after what it writes in this. */
  async #begin(peer: PeerId, { session, volume }: DirtyQuestion): Promise<DirtyAnswer> {
    if (!this.#init.isKeeper(volume)) return { type: 'refused', why: 'full' }
    for (const kept of this.#sessions.values()) {
      const isEarlier = kept.peer === peer && lifeOf(kept.session) < lifeOf(session)
      if (isEarlier && kept.volume === volume && kept.files.size > 0) await this.#take(kept)
    }
    const name = nameOf(peer, { session, volume })
    const heardMs = this.#init.clock.now()
    const kept = { peer, session, volume, files: new Map(), heardMs, isTaken: false }
    this.#sessions.set(name, kept)
    for (const [oldest, { files }] of this.#sessions) {
      if (this.#sessions.size <= SESSIONS_MAX) break
      if (files.size === 0) this.#sessions.delete(oldest)
    }
    return { type: 'kept' }
  }

  #keep(kept: Kept, piece: Keep): DirtyAnswer {
    if (this.cost + piece.bytes.length > this.#init.capacityBytes) {
      return { type: 'refused', why: 'full' }
    }
    const { inode, path, from, bytes, sequence, uid, gid, writtenMs } = piece
    const file = kept.files.get(inode) ?? { path, writtenMs, ranges: new DirtyRanges() }
    file.path = path
    file.writtenMs = writtenMs
    const before = file.ranges.cost
    file.ranges.put({ from, bytes, sequence, writer: { uid, gid } })
    // What is kept apart can be dropped apart.
    file.ranges.close()
    this.#cost += file.ranges.cost - before
    if (!kept.files.has(inode)) this.#init.onKept(kept, inode)
    kept.files.set(inode, file)
    this.#init.counters.add('dirty_kept_bytes_total', bytes.length)
    this.#lookLater()
    return { type: 'kept' }
  }

  #drop({ files }: Kept, inode: Inode, through: number): void {
    const file = files.get(inode)
    if (file === undefined) return
    const before = file.ranges.cost
    file.ranges.clean(through)
    this.#cost += file.ranges.cost - before
    if (file.ranges.isEmpty) files.delete(inode)
  }

  #lookLater(): void {
    this.#cancel ??= this.#init.clock.after(LOOK_MS, () => {
      this.#cancel = undefined
      const full = [...this.#sessions.values()].filter(({ files }) => files.size > 0)
      for (const kept of full) void this.#takeIfOver(kept)
      if (full.length > 0) this.#lookLater()
    })
  }

  async #takeIfOver(kept: Kept, isDoubtful?: boolean): Promise<void> {
    if (kept.taking === undefined && (await this.#isOver(kept, isDoubtful))) await this.#take(kept)
  }

  /** Whether a writer is dead, and may not think that it is not. */
  async #isOver(kept: Kept, isDoubtful = this.#isSilent(kept, DOUBT_MS)): Promise<boolean> {
    if (kept.isTaken || this.#init.isGone(kept.peer)) return true
    if (!isDoubtful) return false
    const state = await this.#lookAt(kept)
    return state === 'over' || (state === 'silent' && this.#isSilent(kept, LEASE_MS + LATE_MS))
  }

  #isSilent({ heardMs }: Kept, forMs: number): boolean {
    return this.#init.clock.now() - heardMs >= forMs
  }

  /** Asks a writer whether it still lives; `over` where a later life of it says so. */
  async #lookAt(kept: Kept): Promise<'alive' | 'silent' | 'over'> {
    const { session, volume } = kept
    const question = { step: 'alive', session, volume } as const
    try {
      const reply = await this.#init.network.request(kept.peer, { type: 'dirty', question })
      if (reply.type !== 'dirty') return 'silent'
      if (reply.answer.type === 'refused') return 'over'
      if (reply.answer.type === 'clean') {
        for (const inode of kept.files.keys()) this.#drop(kept, inode, Infinity)
      }
      kept.heardMs = this.#init.clock.now()
      return 'alive'
    } catch {
      return 'silent'
    }
  }

  #take(kept: Kept): Promise<void> {
    kept.isTaken = true
    kept.taking ??= this.#takeAll(kept).finally(() => (kept.taking = undefined))
    return kept.taking
  }

  async #takeAll(kept: Kept): Promise<void> {
    const { counters, log, takeOver } = this.#init
    counters.add('dirty_takeovers_total')
    log?.('warn', `${kept.peer} is gone: its written bytes are put on the source from here`)
    for (const [inode, file] of kept.files) {
      try {
        await takeOver(kept, inode, file)
        this.#drop(kept, inode, Infinity)
      } catch (error) {
        log?.('error', `bytes of '${file.path}' by ${kept.peer} wait: ${codeOf(error)}`)
      }
    }
    if (kept.files.size > 0) await sleep(this.#init.clock, RETRY_MS)
  }
}

function nameOf(peer: PeerId, of: { readonly session: number; readonly volume: string }): string {
  return `${peer} ${of.session} ${of.volume}`
}
