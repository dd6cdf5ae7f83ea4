// The command line of the bench of the object store.
import { existsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

export const PARTS = {
  process: 'in one process, against lmdb and classic-level',
  socket: 'as a server of its own over a Unix socket, against Redis',
  overwrite: 'four fifths full and overwritten: what collection costs',
} as const

export type Part = keyof typeof PARTS

export type ObjectsBenchOptions = {
  readonly only: readonly Part[]
  readonly repeats: number
  /** Of one measurement. */
  readonly ms: number
  /** Of a store; the part `overwrite` has one of half of it. */
  readonly sizeBytes: number
  /** Where the stores are made. */
  readonly directory: string
  /** Where npm packages that the project has not are installed. */
  readonly packages: string
  readonly redis: string
}

const PROJECT = path.join(import.meta.dirname, '../../..')
const DEFAULTS = { repeats: '5', ms: '250', size: String(1 << 30), redis: '/usr/bin/redis-server' }
const LEAST_SIZE = 256 << 20

const HELP = `Usage: npm run bench:objects -- [--only process,socket,...] [--repeats N] [--packages DIR] [--redis FILE]

  --only PARTS    some of these, by commas (default: all)
${Object.entries(PARTS)
  .map(([name, what]) => `                    ${name.padEnd(9)}  ${what}`)
  .join('\n')}
  --repeats N     how often each is measured, one store after the other; medians are shown (default: ${DEFAULTS.repeats})
  --ms N          how long each measurement takes (default: ${DEFAULTS.ms})
  --size BYTES    of a store (default: ${DEFAULTS.size}; at least ${LEAST_SIZE})
  --dir DIR       where the stores are made, on the disk to be measured (default: ${tmpdir()})
  --packages DIR  below it npm has installed lmdb and classic-level (npm install --prefix DIR lmdb classic-level);
                  one that is not there is left out (default: ${path.relative(process.cwd(), PROJECT) || '.'})
  --redis FILE    the server's program; left out where it is not there (default: ${DEFAULTS.redis})
`

/** Undefined, and said why, where the command line can't be understood. */
export function readOptions(given: readonly string[]): ObjectsBenchOptions | undefined {
  try {
    return parse(given)
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    return undefined
  }
}

function parse(given: readonly string[]): ObjectsBenchOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...given],
    options: {
      only: text,
      repeats: { ...text, default: DEFAULTS.repeats },
      ms: { ...text, default: DEFAULTS.ms },
      size: { ...text, default: DEFAULTS.size },
      dir: { ...text, default: tmpdir() },
      packages: { ...text, default: PROJECT },
      redis: { ...text, default: DEFAULTS.redis },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  return {
    only: values.only === undefined ? allParts() : values.only.split(',').map(parsePart),
    repeats: wholeNumber('--repeats', values.repeats, { least: 1, most: 1000 }),
    ms: wholeNumber('--ms', values.ms, { least: 10, most: 600_000 }),
    sizeBytes: wholeNumber('--size', values.size, { least: LEAST_SIZE, most: 2 ** 40 }),
    directory: directoryAt('--dir', values.dir),
    packages: directoryAt('--packages', values.packages),
    redis: path.resolve(values.redis),
  }
}

function allParts(): Part[] {
  return Object.keys(PARTS) as Part[]
}

function parsePart(text: string): Part {
  const name = allParts().find((each) => each === text.trim())
  if (name !== undefined) return name
  throw new Error(`--only: "${text}" is not known; choose from ${allParts().join(', ')}`)
}

type Limits = { readonly least: number; readonly most: number }

function wholeNumber(option: string, text: string, { least, most }: Limits): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (number >= least && number <= most) return number
  throw new Error(`${option}: "${text}" is not a whole number from ${least} to ${most}`)
}

function directoryAt(option: string, text: string): string {
  const directory = path.resolve(text)
  if (existsSync(directory) && statSync(directory).isDirectory()) return directory
  throw new Error(`${option}: there is no directory ${directory}`)
}
