/** Randomness, seeded where it must be repeatable. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number

  /** An independent stream; the same name from the same parent gives the same stream. */
  fork(name: string): Random
}
