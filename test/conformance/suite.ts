// What a suite is: somebody else's judgement of a file system, run against one directory, and what
// it said as plain data. A suite knows nothing of peers and mounts, so the same code judges a bare
// tmpfs, which has to pass everything: a suite that fails there has a fault of its own.
//
// It never installs anything. What it lacks it says, and is counted as skipped with that reason.

/** Where a suite may write, and the ways to look at what it wrote. */
export type Place = {
  /** Empty, and the suite's own. */
  readonly directory: string
  /** The same directory through another peer's mount; where there is one way alone, that one. */
  readonly twin: string
  /** The same directory as the storage behind it has it; undefined where there is none. */
  readonly source: string | undefined
  /** Resolves when each way shows what was changed by another: changes travel as rumors. */
  readonly settle: () => Promise<void>
  /** Outside of what is judged, for logs and what a suite brings along. */
  readonly scratch: string
}

export type Settings = {
  /** Checkouts of suites that are built beside the project, by their name. */
  readonly checkouts: Readonly<Record<CheckoutName, string | undefined>>
  /** Where they are built. */
  readonly cache: string
  /** `quick`: a few seconds each, enough to notice that something is broken. */
  readonly isQuick: boolean
  readonly seed: number
  /** How many programs run at once where a suite allows that. */
  readonly jobs: number
  readonly signal: AbortSignal
}

export type CheckoutName = 'pjdfstest' | 'xfstests'

export type Failure = { readonly what: string; readonly why: string }
export type Skip = { readonly count: number; readonly reason: string }

export type Outcome = {
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
}

export type Suite = {
  readonly name: string
  /** Why it can't run here; undefined where it can. */
  missing(settings: Settings): string | undefined
  /** Of the program or the checkout that judges. */
  version(settings: Settings): Promise<string>
  run(place: Place, settings: Settings): Promise<Outcome>
}

export function addOutcomes(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failures: outcomes.flatMap(({ failures }) => failures),
    skips: outcomes.flatMap(({ skips }) => skips),
  }
}
