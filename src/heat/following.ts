// Runs ahead of a start along a trace: names first, then the blocks, nearest need first. How far ahead
// grows with how well the trace has held so far, so that a wrong one costs little; what is brought and
// not yet read is bounded in bytes, and so is what is under way.
//
// It must never wait for a program, nor a program for it: whoever reads what is on its way joins in.
import type { Inode, Path, Want } from '../ports/messages.ts'
import type { Counters } from '../base/counters.ts'
import type { Prefetches } from './prefetches.ts'
import { indexOf, type Trace, type TraceEntry } from './trace.ts'

/** Entries looked up at a time. */
const LOOKS_MAX = 64
/** Blocks under way at a time, and those of everybody else; one is always allowed. */
const BLOCKS_MAX = 128
const UNDERWAY_MAX = 256
/** Blocks that may wait for their turn before more names are looked up. */
const QUEUE_MAX = 2_048
/** So many entries ahead at least, and so many more for each that came true. */
const AHEAD_LEAST = 128
const AHEAD_A_HIT = 16
/** How much the newest use counts in the share of those that were not in the trace. */
const MISS_WEIGHT = 0.06
const MISS_SHARE_MAX = 0.6

export type AheadBlock = { readonly want: Want; readonly bytes: number }

export type AheadBlocks = {
  readonly blocks: readonly AheadBlock[]
  /** These are all that the file has. */
  readonly isWhole: boolean
}

export type FollowingPorts = {
  readonly counters: Counters
  readonly prefetches: Prefetches
  /**
   * Brings the names that an entry needs, and tells which blocks it read, as the tree has them now.
   * @throws PotluckError where it is gone
   */
  readonly resolve: (entry: TraceEntry) => Promise<AheadBlocks>
  /** Bytes under way. */
  readonly flightBytesMax: number
  /** Bytes brought and not read yet. */
  readonly unreadBytesMax: number
}

export type FollowingInit = FollowingPorts & {
  readonly trace: Trace
  /** All of it at once: nobody follows it yet. */
  readonly isWhole?: boolean
  readonly onProgress?: (() => void) | undefined
}

export type FollowProgress = {
  readonly files: number
  readonly filesDone: number
  readonly bytes: number
  readonly bytesDone: number
}

export class Following {
  /** Resolves when all is brought, or it was stopped. */
  readonly done: Promise<void>
  readonly trace: Trace
  readonly #init: FollowingInit
  readonly #stopping = new AbortController()
  readonly #places: ReadonlyMap<Path, number>
  readonly #progress = { files: 0, filesDone: 0, bytes: 0, bytesDone: 0 }
  /** The blocks of those files of which the trace read but a part. */
  readonly #partly = new Map<Inode, ReadonlySet<number>>()
  #queue: AheadBlock[] = []
  #queueHead = 0
  #next = 0
  #looks = 0
  #blocks = 0
  #flightBytes = 0
  #furthest = 0
  #hits = 0
  #missShare = 0
  #resolveDone: () => void = () => {}

  constructor(init: FollowingInit) {
    this.#init = init
    this.trace = init.trace
    this.#places = indexOf(init.trace).places
    this.#progress.files = init.trace.entries.length
    this.done = new Promise((resolve) => (this.#resolveDone = resolve))
    this.pump()
  }

  get progress(): FollowProgress {
    return { ...this.#progress }
  }

  get isOver(): boolean {
    return this.#stopping.signal.aborted
  }

  /** False where the trace read this file, and not this block: then nobody needs it. */
  mayNeed({ inode, index }: Want): boolean {
    const blocks = this.#partly.get(inode)
    return blocks === undefined || blocks.has(index)
  }

  /** A path was used for the first time. @returns false where the start has left the trace */
  came(path: Path): boolean {
    const place = this.#places.get(path)
    this.#missShare += MISS_WEIGHT * ((place === undefined ? 1 : 0) - this.#missShare)
    if (place !== undefined) {
      this.#hits += 1
      this.#furthest = Math.max(this.#furthest, place)
    }
    if (this.#missShare > MISS_SHARE_MAX) {
      this.stop()
      return false
    }
    this.pump()
    return true
  }

  stop(): void {
    this.#stopping.abort()
    this.#resolveDone()
  }

  /** Begins what may begin now. Called again whenever something has ended or was read. */
  pump(): void {
    if (this.isOver) return
    const { entries } = this.trace
    const limit = Math.min(entries.length, this.#limit())
    while (this.#next < limit && this.#looks < LOOKS_MAX && this.#waiting < QUEUE_MAX) {
      void this.#look(entries[this.#next++] as TraceEntry)
    }
    while (this.#waiting > 0 && this.#hasRoom()) void this.#bring(this.#take())
    const isBusy = this.#looks + this.#blocks + this.#waiting > 0
    if (!isBusy && this.#next >= entries.length) this.stop()
  }

  get #waiting(): number {
    return this.#queue.length - this.#queueHead
  }

  #limit(): number {
    if (this.#init.isWhole === true) return Infinity
    return this.#furthest + AHEAD_LEAST + AHEAD_A_HIT * this.#hits
  }

  #hasRoom(): boolean {
    const { flightBytesMax, unreadBytesMax, prefetches } = this.#init
    if (this.#blocks === 0 && this.#init.isWhole === true) return true
    if (this.#blocks >= BLOCKS_MAX || this.#flightBytes >= flightBytesMax) return false
    if (this.#blocks > 0 && prefetches.underway >= UNDERWAY_MAX) return false
    return prefetches.unreadBytes + this.#flightBytes < unreadBytesMax
  }

  #take(): AheadBlock {
    const block = this.#queue[this.#queueHead++] as AheadBlock
    if (this.#queueHead * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#queueHead)
      this.#queueHead = 0
    }
    return block
  }

  async #look(entry: TraceEntry): Promise<void> {
    this.#looks += 1
    try {
      const { blocks, isWhole } = await this.#init.resolve(entry)
      for (const block of blocks) {
        this.#queue.push(block)
        this.#progress.bytes += block.bytes
      }
      const inode = blocks[0]?.want.inode
      if (inode !== undefined && !isWhole) {
        this.#partly.set(inode, new Set(blocks.map(({ want }) => want.index)))
      }
    } catch {
      // It is gone, or can't be had now: who needs it for real is told why.
      this.#init.counters.add('trace_entries_gone_total')
    }
    this.#looks -= 1
    this.#progress.filesDone += 1
    this.#went()
  }

  async #bring({ want, bytes }: AheadBlock): Promise<void> {
    this.#blocks += 1
    this.#flightBytes += bytes
    await this.#init.prefetches.bring(want, this.#stopping.signal)
    this.#blocks -= 1
    this.#flightBytes -= bytes
    this.#progress.bytesDone += bytes
    this.#went()
  }

  #went(): void {
    this.#init.onProgress?.()
    this.pump()
  }
}
