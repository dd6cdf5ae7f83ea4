// The command line of the conformance run.
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Settings } from './suite.ts'
import { SUITES } from './suites.ts'

export type ConformanceOptions = Omit<Settings, 'signal'> & {
  readonly only: readonly string[]
  /** A directory to be judged in place of mounts. */
  readonly on: string | undefined
  readonly peerOptions: readonly string[]
  readonly isWithoutSource: boolean
  /** A file, or - for standard output instead of the table. */
  readonly json: string | undefined
}

const NAMES = SUITES.map(({ name }) => name.split(/[ ,]/)[0] ?? '')
const WRITE_MODES = ['through', 'back']

const HELP = `Usage: npm run conformance -- [options]

Runs other people's tests of file systems, and other people's programs, on a mount of a fresh peer over
a fresh tmpfs, with a second peer's mount beside it. Installs nothing; what is not there is skipped,
with the reason, and so are two suites that are run beside the project, out of a checkout of their own:

  git clone https://github.com/pjd/pjdfstest
  git clone https://git.kernel.org/pub/scm/fs/xfs/xfstests-dev.git
  npm run conformance -- --pjdfstest pjdfstest --xfstests xfstests-dev

Debian: apt-get install autoconf automake libtool-bin make gcc xfslibs-dev uuid-dev libacl1-dev \\
  libaio-dev openssl stress-ng fio dbench fsmark rsync git sqlite3 python3

  --pjdfstest DIR     checkout of pjdfstest (or PJDFSTEST_DIR)
  --xfstests DIR      checkout of xfstests, for fsx and fsstress (or XFSTESTS_DIR)
  --on DIR            judge this directory, and no mount: all must pass on a tmpfs
  --write MODE        through or back: how the peers write (default: through)
  --without-source    judge the mount of a peer that reaches the source through the other one
  --peer OPTION       one more option of every peer, such as --peer=--coherence=strict
  --only A,B,...      some of ${NAMES.join(', ')}
  --quick             a few seconds each
  --jobs N            programs at once (default: cores)
  --seed N            (default: 1)
  --json FILE         the results as JSON; - is standard output, instead of the table
`

/** Undefined, and said why, where the command line can't be understood. */
export function readOptions(given: readonly string[]): ConformanceOptions | undefined {
  try {
    return parse(given)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`conformance: ${message}\n`)
    return undefined
  }
}

function parse(given: readonly string[]): ConformanceOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args: [...given],
    options: {
      pjdfstest: text,
      xfstests: text,
      on: text,
      write: text,
      only: text,
      json: text,
      jobs: text,
      seed: text,
      'without-source': flag,
      quick: flag,
      help: { ...flag, short: 'h' },
      peer: { ...text, multiple: true },
    },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  const { env } = process
  return {
    only: values.only?.split(',').map(parseName) ?? NAMES,
    on: absolute(values.on),
    peerOptions: [`--write=${parseWrite(values.write)}`, ...(values.peer ?? [])],
    isWithoutSource: values['without-source'] === true,
    json: values.json,
    checkouts: {
      pjdfstest: absolute(values.pjdfstest ?? env['PJDFSTEST_DIR']),
      xfstests: absolute(values.xfstests ?? env['XFSTESTS_DIR']),
    },
    cache: path.join(env['XDG_CACHE_HOME'] || `${os.homedir()}/.cache`, 'potluck-conformance'),
    isQuick: values.quick === true,
    jobs: parseNumber('--jobs', values.jobs ?? String(os.availableParallelism())),
    seed: parseNumber('--seed', values.seed ?? '1'),
  }
}

function absolute(given: string | undefined): string | undefined {
  return given === undefined ? undefined : path.resolve(given)
}

function parseName(text: string): string {
  const name = NAMES.find((each) => each === text.trim())
  if (name !== undefined) return name
  throw new Error(`--only: "${text}" is not known; choose from ${NAMES.join(', ')}`)
}

function parseWrite(text = 'through'): string {
  if (WRITE_MODES.includes(text)) return text
  throw new Error(`--write: "${text}" is not known; choose from ${WRITE_MODES.join(', ')}`)
}

function parseNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Error(`${option}: "${text}" is not a whole number from 1`)
}
