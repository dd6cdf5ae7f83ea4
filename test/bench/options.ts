// The command line of the bench.
import { accessSync, constants } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'

export const CASES = {
  a: 'hot reads through a mount, against tmpfs',
  b: 'cold sequential read from another peer, against a bare socket',
  c: 'wants of 4 KiB blocks, against a bare socket with the same framing',
  d: 'the fuse-native driver, against our own',
  e: 'cold start of a mesh of 8 peers',
  f: 'process memory of a peer whose RAM is filled and churned',
  g: 'changes and writes through a mount alone, against fuse-native and tmpfs',
  h: 'what a want costs two whole nodes',
  i: 'changes and writes through a peer, against fuse-native and its source',
  j: '10,000 files unpacked through a peer, against fuse-native and its source',
  k: 'writes that reach the source later, against those that reach it at once',
} as const

export type CaseName = keyof typeof CASES

export type BenchOptions = {
  readonly only: readonly CaseName[]
  readonly repeats: number
  /** A file, or - for standard output instead of the table. */
  readonly json: string | undefined
  readonly directory: string
}

const DEFAULT_REPEATS = 5
const MOST_REPEATS = 1000

const HELP = `Usage: npm run bench -- [--only a,b,...] [--repeats N] [--json FILE]

  --only CASES    some of these, by commas (default: all)
${Object.entries(CASES)
  .map(([name, what]) => `                    ${name}  ${what}`)
  .join('\n')}
  --repeats N     how often each is measured; medians are shown (default: ${DEFAULT_REPEATS})
  --json FILE     all samples, as JSON; - is standard output, instead of the table
`

/** Undefined, and said why, where the command line can't be understood. */
export function readOptions(given: readonly string[]): BenchOptions | undefined {
  try {
    return parse(given)
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    return undefined
  }
}

function parse(given: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      only: { type: 'string' },
      repeats: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  return {
    only: values.only === undefined ? allCases() : values.only.split(',').map(parseCase),
    repeats: parseRepeats(values.repeats ?? String(DEFAULT_REPEATS)),
    json: values.json,
    directory: memoryDirectory(),
  }
}

function allCases(): CaseName[] {
  return Object.keys(CASES) as CaseName[]
}

function parseCase(text: string): CaseName {
  const name = allCases().find((each) => each === text.trim())
  if (name !== undefined) return name
  throw new Error(`--only: "${text}" is not known; choose from ${allCases().join(', ')}`)
}

function parseRepeats(text: string): number {
  const repeats = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (repeats >= 1 && repeats <= MOST_REPEATS) return repeats
  throw new Error(`--repeats: "${text}" is not a whole number from 1 to ${MOST_REPEATS}`)
}

function memoryDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch (error) {
    const where = os.tmpdir()
    process.stderr.write(`bench: ${String(error)}; (a) is held against ${where}, not tmpfs\n`)
    return where
  }
}
