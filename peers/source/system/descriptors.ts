// Open descriptors, a bounded number, the least recently used closed first. Storage charges for each
// name that is looked up and each file that is opened; a descriptor is what was already paid for.
// One is kept for a second at most: what it says of its *path* grows old, since on another machine
// something else may have been put there.
import type { Path } from '../../../src/ports/messages.ts'

/** How long an opened path is believed, and how long an unused descriptor is kept. */
const KEEP_MS = 1_000

export type DescriptorsInit<T> = {
  readonly capacity: number
  readonly open: (path: Path) => Promise<T>
  /** Must not reject: nobody could do anything about it. */
  readonly close: (opened: T) => Promise<void>
  /** @default 1,000 ms */
  readonly keepMs?: number
}

type Kept<T> = {
  readonly opened: Promise<T>
  readonly openedMs: number
  isOpen: boolean
  users: number
}

export class Descriptors<T> {
  readonly #init: DescriptorsInit<T>
  /** By path, the least recently used first. */
  readonly #kept = new Map<Path, Kept<T>>()
  readonly #waiting: (() => void)[] = []
  readonly #closing = new Set<Promise<void>>()
  #open = 0
  #timer: NodeJS.Timeout | undefined

  constructor(init: DescriptorsInit<T>) {
    this.#init = init
  }

  /** Descriptors that are open or about to be. Never more than the capacity. */
  get size(): number {
    return this.#open
  }

  /** Whether `use` would find the path open already, and so not wait for anything. */
  has(path: Path): boolean {
    return this.#find(path)?.isOpen === true
  }

  /**
   * Opens the path, or takes what is open, for as long as `work` lasts. With `isFresh` it is opened
   * now, and what was open is used no more. Waits where as many as may be open are in use.
   */
  async use<R>(
    path: Path,
    work: (opened: T) => Promise<R>,
    options: { readonly isFresh?: boolean } = {},
  ): Promise<R> {
    if (options.isFresh === true) this.forget(path)
    const kept = this.#find(path) ?? this.#add(path)
    kept.users += 1
    try {
      return await work(await kept.opened)
    } finally {
      kept.users -= 1
      this.#settle(path, kept)
    }
  }

  paths(): Path[] {
    return [...this.#kept.keys()]
  }

  /** Stops using what is open at a path, for it turned out to be something else. */
  forget(path: Path): void {
    const kept = this.#kept.get(path)
    if (kept === undefined) return
    this.#kept.delete(path)
    if (kept.users === 0) this.#close(kept)
  }

  /** Closes all; those in use as soon as they are not. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const path of this.#kept.keys()) this.forget(path)
    while (this.#closing.size > 0) await Promise.all(this.#closing)
  }

  #find(path: Path): Kept<T> | undefined {
    const kept = this.#kept.get(path)
    if (kept === undefined) return undefined
    if (performance.now() - kept.openedMs > this.#keepMs) {
      this.forget(path)
      return undefined
    }
    this.#kept.delete(path)
    this.#kept.set(path, kept)
    return kept
  }

  #add(path: Path): Kept<T> {
    const opened = this.#takePlace().then(() => this.#init.open(path))
    const kept: Kept<T> = { opened, openedMs: performance.now(), isOpen: false, users: 0 }
    opened.then(
      () => (kept.isOpen = true),
      // Whoever uses it hears of the failure; nobody may find it again.
      () => this.#kept.get(path) === kept && this.#kept.delete(path),
    )
    this.#kept.set(path, kept)
    this.#sweepLater()
    return kept
  }

  async #takePlace(): Promise<void> {
    if (this.#open < this.#init.capacity) {
      this.#open += 1
      return
    }
    this.#closeIdle()
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #closeIdle(): void {
    for (const [path, kept] of this.#kept) {
      if (kept.users === 0) return this.forget(path)
    }
  }

  #settle(path: Path, kept: Kept<T>): void {
    if (kept.users > 0) return
    const isKept = this.#kept.get(path) === kept
    if (isKept && this.#waiting.length === 0) return
    if (isKept) this.#kept.delete(path)
    this.#close(kept)
  }

  /** Its place goes to the next one only when the kernel has it back: the bound is kept strictly. */
  #close(kept: Kept<T>): void {
    const closing = kept.opened
      .then(this.#init.close, () => undefined)
      .finally(() => {
        this.#closing.delete(closing)
        const next = this.#waiting.shift()
        if (next === undefined) this.#open -= 1
        else next()
      })
    this.#closing.add(closing)
  }

  #sweepLater(): void {
    this.#timer ??= setTimeout(() => this.#sweep(), this.#keepMs).unref()
  }

  #sweep(): void {
    this.#timer = undefined
    for (const [path, kept] of this.#kept) {
      const isOld = performance.now() - kept.openedMs > this.#keepMs
      if (isOld && kept.users === 0) this.forget(path)
    }
    if (this.#kept.size > 0) this.#sweepLater()
  }

  get #keepMs(): number {
    return this.#init.keepMs ?? KEEP_MS
  }
}
