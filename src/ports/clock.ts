/** Time, as everything in `src` knows it. The simulator's is virtual; nothing else may tell time. */
export interface Clock {
  /** Milliseconds since 1970 with a fraction; never goes backwards within a process. */
  now(): number

  /** Calls back once, `delayMs` from now (never at once). The function returned cancels it. */
  after(delayMs: number, callback: () => void): () => void
}
