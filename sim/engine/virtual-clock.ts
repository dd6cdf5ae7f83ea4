// Time that passes only when nothing is left to do. The simulator's engine: a heap of what is due,
// ordered by (time, sequence), so that two runs of one seed agree to the bit.
//
// After all that is due at one instant has run, the promise code it woke runs to its end at that
// same instant: a tick queued *by a microtask* comes only after every microtask, and costs a fraction
// of a turn of the event loop. So promises cost no virtual time, whatever their depth.
// It must never read a real clock, and never let real I/O decide what happens next.
import assert from 'node:assert/strict'
import type { Clock } from '../../src/ports/clock.ts'
import { type Callback, type Event, EventQueue, QUIET } from './event-queue.ts'

/** Where virtual time starts, in milliseconds since 1970: any fixed instant would do. */
export const START_MS = 1_700_000_000_000

/** More instants than this without time moving: two callbacks wake each other for ever. */
const INSTANTS_WITHOUT_PROGRESS = 100_000

/** So often the event loop gets a turn, for Ctrl-C and the test harness to be heard. */
const STEPS_A_TURN = 16_384

/** So many at most without a look at whether the end is near, though nothing woke anybody. */
const QUIET_INSTANTS = 64

/** Below this many cancelled events the heap is not worth tidying. */
const TIDY_FROM = 1_024

/** What was waited for can never happen, or not within the virtual time it was given. */
export class StallError extends Error {
  override readonly name = 'StallError'
}

export class VirtualClock implements Clock {
  readonly #events = new EventQueue()
  #elapsedMs = 0
  #sequence = 0
  #cancelled = 0
  #ran = 0
  #isRunning = false

  now(): number {
    return START_MS + this.#elapsedMs
  }

  /** Milliseconds since the start, finer than `now` can be (a double holds 0.2 µs since 1970). */
  get elapsedMs(): number {
    return this.#elapsedMs
  }

  /** How many callbacks are due some time. */
  get pending(): number {
    return this.#events.size - this.#cancelled
  }

  /** How many callbacks have run. */
  get ran(): number {
    return this.#ran
  }

  after(delayMs: number, callback: () => void): () => void {
    const event = this.schedule(delayMs, callback)
    return () => this.cancel(event)
  }

  /** Like `after`, for who keeps the event itself to `cancel` it. */
  schedule(delayMs: number, callback: Callback): Event {
    return this.#add(this.#elapsedMs + Math.max(0, delayMs), callback)
  }

  cancel(event: Event): void {
    if (event.callback === undefined) return
    event.callback = undefined
    this.#cancelled += 1
    if (this.#cancelled < TIDY_FROM || this.#cancelled * 2 < this.#events.size) return
    this.#events.tidy()
    this.#cancelled = 0
  }

  /** Like `after` at an elapsed time, for what is never cancelled: no closure is made. */
  at(elapsedMs: number, callback: Callback): void {
    this.#add(Math.max(elapsedMs, this.#elapsedMs), callback)
  }

  /** Lets `durationMs` of virtual time pass. */
  async run(durationMs: number): Promise<void> {
    const until = this.#elapsedMs + durationMs
    await this.#drive({ until, isDone: () => false })
    this.#elapsedMs = Math.max(this.#elapsedMs, until)
  }

  /**
   * Lets time pass until the promise settles, and settles with it.
   *
   * @throws StallError when nothing is due any more, or `withinMs` of virtual time have passed
   */
  async runUntil<T>(promise: Promise<T>, options: { withinMs?: number } = {}): Promise<T> {
    let isDone = false
    const settle = () => void (isDone = true)
    promise.then(settle, settle)
    const until = this.#elapsedMs + (options.withinMs ?? Infinity)
    await this.#drive({ until, isDone: () => isDone })
    if (isDone) return promise
    throw new StallError(
      this.pending === 0
        ? `nothing is due at ${this.#elapsedMs} ms, and what is waited for has not happened`
        : `what is waited for did not happen within ${options.withinMs} ms of virtual time`,
    )
  }

  #add(at: number, callback: Callback): Event {
    assert(Number.isFinite(at), `an event at ${at}`)
    const event: Event = { callback }
    this.#events.push(at, this.#sequence++, event)
    return event
  }

  #drive(goal: { until: number; isDone: () => boolean }): Promise<void> {
    assert(!this.#isRunning, 'the clock is driven from one place at a time')
    this.#isRunning = true
    return new Promise<void>((resolve, reject) => {
      let steps = 0
      let still = 0
      const step = () => {
        try {
          const before = this.#elapsedMs
          if (goal.isDone() || !this.#runInstants(goal.until)) return resolve()
          still = this.#elapsedMs > before ? 0 : still + 1
          assert(still < INSTANTS_WITHOUT_PROGRESS, `time stands still at ${before} ms`)
        } catch (error) {
          return reject(error as Error)
        }
        steps += 1
        if (steps % STEPS_A_TURN === 0) setImmediate(step)
        else queueMicrotask(tick)
      }
      const tick = () => process.nextTick(step)
      // A first turn of the event loop, so that what was begun before has come to its waits.
      setImmediate(step)
    }).finally(() => (this.#isRunning = false))
  }

  /** Instants up to one that wakes somebody; false where nothing is due any more, up to `until`. */
  #runInstants(until: number): boolean {
    for (let i = 0; i < QUIET_INSTANTS; i++) {
      const woke = this.#runInstant(until)
      if (woke !== QUIET) return woke
    }
    return true
  }

  /** Runs all that is due at the next instant; false where nothing is, up to `until`. */
  #runInstant(until: number): boolean | typeof QUIET {
    const events = this.#events
    this.#dropCancelled()
    const at = events.nextAt
    if (at > until || events.size === 0) return false
    let isQuiet = true
    const last = this.#sequence
    this.#elapsedMs = at
    while (events.nextAt === at && events.nextSequence < last) {
      const event = events.peek() as Event
      const { callback } = event
      events.pop()
      event.callback = undefined
      this.#ran += 1
      if (callback?.() !== QUIET) isQuiet = false
      this.#dropCancelled()
    }
    return isQuiet ? QUIET : true
  }

  #dropCancelled(): void {
    for (let next = this.#events.peek(); next !== undefined; next = this.#events.peek()) {
      if (next.callback !== undefined) return
      this.#events.pop()
      this.#cancelled -= 1
    }
  }
}
