// A volume's access traces: watches what programs use, recognizes a start that is known, and runs ahead
// of it; what a start used becomes a trace, or freshens the one that it followed.
import type { Name, Path, Want } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import { type FollowProgress, Following, type FollowingPorts } from './following.ts'
import type { Place } from './recording.ts'
import { Learning, type LearningInit } from './learning.ts'
import { type Start, Starts, type StartsInit } from './starts.ts'
import { indexOf, isTraceName, type ByteRange, type Trace } from './trace.ts'
import { TraceStore } from './trace-store.ts'

/** Files read before a start can be recognized, and until it is not any more. */
const FILES_TO_MATCH = 3
const FILES_TO_GIVE_UP = 24
/** A start that uses nothing new for so long is over; none takes longer than the second. */
const QUIET_MS = 5_000
const LONGEST_MS = 600_000
const NAMED_LONGEST_MS = 3_600_000
const LOOK_EVERY_MS = 1_000
/** After leaving so many traces a start is something new. */
const LEAVES_MAX = 2

export type TraceChange = {
  readonly name: string
  readonly trace: Trace | undefined
  readonly isOwn: boolean
}

export type TracesInit = StartsInit &
  LearningInit & {
    /** What a new following needs: names that were looked up for another may be out of date. */
    readonly ahead: () => FollowingPorts
    /** Makes the kernel ask for everything again: what it has cached would be missing in a recording. */
    readonly forgetKernel: () => void
    /** A trace is new, has changed, or is gone; by this node, or as another told. */
    readonly onChanged: (change: TraceChange) => void
  }

export class Traces {
  readonly store = new TraceStore()
  readonly learning: Learning
  readonly #init: TracesInit
  readonly #starts: Starts
  /** What each start read first, until it is recognized. */
  readonly #firsts = new WeakMap<Start, Path[]>()
  readonly #followed = new Set<Following>()
  #cancelLook: (() => void) | undefined

  constructor(init: TracesInit) {
    this.#init = init
    this.#starts = new Starts(init)
    this.learning = new Learning(init, (recorded) => this.#learn(recorded))
  }

  /** Traces being followed. */
  get following(): number {
    return this.#followed.size
  }

  /** A name was asked for. */
  looked(pid: number | undefined, at: { readonly directory: Place; readonly name?: Name }): void {
    const start = this.#startOf(pid)
    if (start === undefined) return
    const { recording } = start
    const now = this.#init.clock.now()
    const path = at.name === undefined ? undefined : recording.looked(at.directory, at.name, now)
    if (at.name === undefined) recording.listed(at.directory, now)
    if (path !== undefined) this.#came(start, path, now)
  }

  /** Bytes of a file were asked for. */
  read(pid: number | undefined, file: Place, range: ByteRange): void {
    const start = this.#startOf(pid)
    if (start === undefined) return
    const now = this.#init.clock.now()
    const path = start.recording.read(file, range, now)
    if (path === undefined) return start.following?.pump()
    start.newMs = now
    this.#recognize(start, path)
  }

  /** Whether a block is worth reading ahead: those who follow a trace know better. */
  mayNeed(want: Want): boolean {
    for (const following of this.#followed) if (!following.mayNeed(want)) return false
    return true
  }

  /** Whether one of those that are being followed has this path. */
  isKnown(path: Path): boolean {
    for (const { trace } of this.#followed) if (indexOf(trace).places.has(path)) return true
    return false
  }

  /** Records all that a process and its children use, under a name. @throws PotluckError EINVAL, BUSY */
  record(name: string, program: { readonly pid: number; readonly command: string }): void {
    if (!isTraceName(name)) throw new PotluckError('EINVAL', `'${name}' can't be a trace's name`)
    if (this.#starts.named(name) !== undefined) {
      throw new PotluckError('BUSY', `'${name}' is being recorded`)
    }
    if (this.#starts.begin(name, program) === undefined) {
      throw new PotluckError('BUSY', 'too many starts are being recorded')
    }
    this.#init.forgetKernel()
    this.#lookLater()
  }

  /** Ends a recording. @throws PotluckError ENOENT where there is none, ENODATA where it is empty */
  endRecord(name: string): Trace {
    const start = this.#starts.named(name)
    if (start === undefined) throw new PotluckError('ENOENT', `'${name}' is not being recorded`)
    const trace = this.#end(start)
    if (trace.entries.length === 0) {
      throw new PotluckError('ENODATA', 'the command used nothing of this volume')
    }
    this.put(trace)
    return trace
  }

  /** Takes a trace in, and tells everyone. */
  put(trace: Trace): void {
    this.store.put(trace)
    this.#init.onChanged({ name: trace.name, trace, isOwn: true })
  }

  /** Forgets it, everywhere. @throws PotluckError ENOENT */
  delete(name: string): void {
    if (!this.store.delete(name)) throw new PotluckError('ENOENT', `there is no trace '${name}'`)
    this.#init.onChanged({ name, trace: undefined, isOwn: true })
  }

  /** What another node told. */
  take(name: string, trace: Trace | undefined): void {
    if (trace === undefined) this.store.delete(name)
    else this.store.put(trace)
    this.#init.onChanged({ name, trace, isOwn: false })
  }

  /** Brings all that a trace holds. @throws PotluckError ENOENT for an unknown one, ABORTED */
  async warm(
    name: string,
    options: {
      readonly signal?: AbortSignal | undefined
      readonly onProgress?: ((progress: FollowProgress) => void) | undefined
    } = {},
  ): Promise<FollowProgress> {
    const trace = this.store.get(name)
    if (trace === undefined) throw new PotluckError('ENOENT', `there is no trace '${name}'`)
    const { signal, onProgress } = options
    const following: Following = new Following({
      ...this.#init.ahead(),
      trace,
      isWhole: true,
      onProgress: () => onProgress?.(following.progress),
    })
    this.#follow(following)
    const stop = () => following.stop()
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted === true) stop()
    await following.done
    signal?.removeEventListener('abort', stop)
    if (signal?.aborted === true) throw new PotluckError('ABORTED', 'warming was given up')
    return following.progress
  }

  stop(): void {
    this.#cancelLook?.()
    this.#cancelLook = undefined
    for (const start of this.#starts.running) this.learning.add(this.#end(start))
    this.learning.flush()
    for (const following of this.#followed) following.stop()
  }

  #startOf(pid: number | undefined): Start | undefined {
    const start = this.#starts.of(pid)
    if (start !== undefined) this.#lookLater()
    return start
  }

  #came(start: Start, path: Path, now: number): void {
    start.newMs = now
    const { following } = start
    if (following === undefined || following.came(path)) return
    start.following = undefined
    start.leaves += 1
    this.#firsts.delete(start)
  }

  /** Compares the files that a start reads first with what is known. */
  #recognize(start: Start, path: Path): void {
    if (start.following !== undefined || start.leaves >= LEAVES_MAX) return
    const firsts = this.#firsts.get(start) ?? []
    this.#firsts.set(start, firsts)
    if (firsts.length >= FILES_TO_GIVE_UP) return
    firsts.push(path)
    if (firsts.length < FILES_TO_MATCH) return
    if (firsts.length === FILES_TO_MATCH) this.#starts.refreshCommand(start)
    const trace = this.store.match(firsts, start.command)
    if (trace === undefined) return
    start.following = this.#follow(new Following({ ...this.#init.ahead(), trace }))
    for (const each of firsts) start.following.came(each)
  }

  #follow(following: Following): Following {
    this.#followed.add(following)
    void following.done.then(() => this.#followed.delete(following))
    return following
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#init.clock.after(LOOK_EVERY_MS, () => {
      this.#cancelLook = undefined
      for (const start of this.#starts.running) {
        if (this.#isOver(start)) this.learning.add(this.#end(start))
      }
      if (this.#starts.size > 0) this.#lookLater()
    })
  }

  #isOver({ name, recording, startedMs, newMs }: Start): boolean {
    const now = this.#init.clock.now()
    if (name !== undefined) return now - startedMs > NAMED_LONGEST_MS
    return now - newMs > QUIET_MS || now - startedMs > LONGEST_MS || recording.isFull
  }

  #learn(trace: Trace): void {
    const learned = this.store.learn(trace)
    if (learned !== undefined) this.put(learned)
  }

  #end(start: Start): Trace {
    this.#starts.refreshCommand(start)
    this.#starts.end(start)
    start.following?.stop()
    return start.recording.trace(start.name ?? '', start.command, this.#init.clock.now())
  }
}
