// Which inodes others have written to without the source having it yet: who needs such an inode's bytes or
// attributes asks whoever has them to put them on the source, and then reads as always.
//
// A mark that is set too long costs one question; one that is missing shows an old state. So it is
// taken away by who set it, by the answer to a recall, or when both who had the bytes are gone for good.
import type { Log } from '../../base/log.ts'
import { type StopSignal, waitUnlessAborted } from '../../base/abort.ts'
import { codeOf, PotluckError } from '../../base/errors.ts'
import type { Counters } from '../../base/counters.ts'
import { sleep } from '../../base/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DirtyAnswer } from '../../ports/dirty/dirty-messages.ts'
import type { DirtyNews, Inode, PeerId, Stamp } from '../../ports/messages.ts'
import { LEASE_MS, lifeOf } from './copies/kept-by.ts'

/** Past so many the oldest are forgotten: their writers bring them to the source soon. */
const INODES_MAX = 65_536
const RETRY_MS = 500
/** Bytes of a writer and a keeper that were silent for so long are lost. */
const LOST_MS = 3 * LEASE_MS

export type RecallQuestion = {
  readonly inode: Inode
  readonly by: PeerId
  readonly session: number
}

export type MarksInit = {
  readonly clock: Clock
  readonly self: PeerId
  /** This node's life number: what it wrote in one before it knows no more of than anybody else. */
  readonly epoch: number
  readonly counters: Counters
  readonly log?: Log | undefined
  readonly recall: (peer: PeerId, question: RecallQuestion) => Promise<DirtyAnswer>
  /** What was read of it before is out of date. */
  readonly onClean: (inode: Inode, stamp: Stamp) => void
}

type Mark = DirtyNews & { readonly stamp: Stamp }
type Writer = Pick<DirtyNews, 'by' | 'session'>

export class Marks {
  readonly #init: MarksInit
  /** The newest word of each life of a writer; the inode that was marked last is the last. */
  readonly #inodes = new Map<Inode, Map<string, Mark>>()
  readonly #recalls = new Map<Inode, Promise<void>>()

  constructor(init: MarksInit) {
    this.#init = init
  }

  has(inode: Inode): boolean {
    return this.#inodes.has(inode)
  }

  /** It was written through this node, by a kernel that is not its own maybe. */
  isOwn(news: DirtyNews): boolean {
    return news.isDirty && this.#isOfThisLife(news)
  }

  /** @returns whether it marks the inode anew */
  take(inode: Inode, news: DirtyNews, stamp: Stamp): boolean {
    if (this.#isOfThisLife(news)) return false
    const marks = this.#inodes.get(inode) ?? new Map<string, Mark>()
    const known = marks.get(writerOf(news))
    if (known !== undefined && known.stamp >= stamp) return false
    if (!news.isDirty) {
      this.#remove(inode, news)
      return false
    }
    marks.set(writerOf(news), { ...news, stamp })
    this.#inodes.delete(inode)
    this.#inodes.set(inode, marks)
    for (const oldest of this.#inodes.keys()) {
      if (this.#inodes.size <= INODES_MAX) break
      this.#inodes.delete(oldest)
    }
    return true
  }

  /** Resolves when all that was known to be written is on the source; undefined where it is. */
  recall(inode: Inode, signal?: StopSignal): Promise<void> | undefined {
    if (!this.#inodes.has(inode)) return undefined
    const begun = this.#recalls.get(inode)
    // What was written since it was begun need not come with it.
    const recall = begun === undefined ? this.#begin(inode) : begun.then(() => this.#begin(inode))
    return waitUnlessAborted(recall, signal, () => {})
  }

  #begin(inode: Inode): Promise<void> {
    const begun = this.#recalls.get(inode)
    if (begun !== undefined) return begun
    const recall = this.#recallAll(inode).finally(() => void this.#recalls.delete(inode))
    this.#recalls.set(inode, recall)
    return recall
  }

  async #recallAll(inode: Inode): Promise<void> {
    this.#init.counters.add('dirty_recalls_total')
    const marks = this.#inodes.get(inode) ?? new Map<string, Mark>()
    for (const mark of Array.from(marks.values())) {
      await this.#recallOf(inode, mark)
    }
  }

  async #recallOf(inode: Inode, mark: Mark): Promise<void> {
    const { clock, counters, log, onClean } = this.#init
    const sinceMs = clock.now()
    const { by, session, copy } = mark
    for (;;) {
      for (const peer of copy === undefined ? [by] : [by, copy]) {
        const answer = await this.#ask(peer, { inode, by, session })
        if (answer?.type !== 'clean') continue
        onClean(inode, answer.stamp)
        return this.#removeIf(inode, mark)
      }
      if (clock.now() - sinceMs > LOST_MS) break
      await sleep(clock, RETRY_MS)
    }
    counters.add('dirty_lost_total')
    log?.(
      'error',
      `what ${by} wrote to inode ${inode} is lost with it and with ${copy ?? 'nobody'}`,
    )
    this.#removeIf(inode, mark)
  }

  /** Undefined where it has nothing to say. @throws PotluckError what the source failed with there */
  async #ask(peer: PeerId, question: RecallQuestion): Promise<DirtyAnswer | undefined> {
    try {
      return await this.#init.recall(peer, question)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'UNREACHABLE' || code === 'CLOSED' || code === 'ABORTED') return undefined
      throw new PotluckError(code, `${peer} can't put what it has written on the source`, {
        cause: error,
      })
    }
  }

  /** What was said since then stands. */
  #removeIf(inode: Inode, mark: Mark): void {
    const now = this.#inodes.get(inode)?.get(writerOf(mark))
    if (now?.stamp === mark.stamp) this.#remove(inode, mark)
  }

  #remove(inode: Inode, writer: Writer): void {
    const marks = this.#inodes.get(inode)
    if (marks?.delete(writerOf(writer)) === true && marks.size === 0) this.#inodes.delete(inode)
  }

  #isOfThisLife({ by, session }: Writer): boolean {
    return by === this.#init.self && lifeOf(session) === this.#init.epoch
  }
}

/** By which a map has it. */
function writerOf({ by, session }: Writer): string {
  return `${lifeOf(session)} ${by}`
}
