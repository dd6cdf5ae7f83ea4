// A recorded trace: what the processes of one program asked of a tree, in order, with the time between,
// and what of the tree they saw. `strace-line.ts` and its neighbours make one out of strace's output;
// `replay.ts`, a room above, runs it on every node.
//
// On disk it is one JSON object a line: a header, then files and directories, then steps. All of it
// comes from outside: nothing in it is believed before it was checked.
import type { Path } from '../../../src/ports/messages.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { isName } from '../../../src/wire/page-entry.ts'
import type { Step } from '../../program/workload.ts'

export type TraceStep = {
  /** Counts the traced processes from 0. */
  readonly process: number
  /** Time since the end of the process's last step (of the first: since the trace began). */
  readonly afterMs: number
  readonly call: Exclude<Step, { readonly kind: 'think' }>
}

export type Trace = {
  /** What was traced, for people. */
  readonly program: string
  readonly processes: number
  readonly files: ReadonlyMap<Path, number>
  readonly directories: ReadonlySet<Path>
  readonly steps: readonly TraceStep[]
}

const FORMAT = 'potluck-trace'
const VERSION = 1
const STEPS_MAX = 4_000_000
const PROCESSES_MAX = 4_096
const PATH_MAX = 4_000
const FILE_BYTES_MAX = 2 ** 50

export function* encodeTrace(trace: Trace): Iterable<string> {
  const { program, processes } = trace
  yield JSON.stringify({ format: FORMAT, version: VERSION, program, processes })
  for (const directory of trace.directories) yield JSON.stringify({ directory })
  for (const [file, bytes] of trace.files) yield JSON.stringify({ file, bytes })
  for (const { process, afterMs, call } of trace.steps) {
    const after = Math.round(afterMs * 1000) / 1000
    const what =
      call.kind === 'read'
        ? { read: call.path, from: call.from, length: call.length }
        : { [call.kind]: call.path }
    yield JSON.stringify({ process, after, ...what })
  }
}

/** @throws PotluckError MALFORMED with the number of the line; TOO_LARGE */
export function decodeTrace(lines: Iterable<string>): Trace {
  const decoder = new Decoder()
  let number = 0
  for (const line of lines) {
    number += 1
    if (line.trim() === '') continue
    try {
      decoder.take(JSON.parse(line) as unknown)
    } catch (error) {
      if (error instanceof PotluckError) throw error
      throw new PotluckError('MALFORMED', `line ${number} of the trace: ${String(error)}`)
    }
  }
  return decoder.trace()
}

type Row = Readonly<Record<string, unknown>>

class Decoder {
  readonly #files = new Map<Path, number>()
  readonly #directories = new Set<Path>()
  readonly #steps: TraceStep[] = []
  #header: { readonly program: string; readonly processes: number } | undefined

  take(value: unknown): void {
    if (typeof value !== 'object' || value === null) throw new Error('not an object')
    const row = value as Row
    if (this.#header === undefined) this.#header = headerOf(row)
    else if ('file' in row) {
      this.#files.set(pathIn(row, 'file'), numberIn(row, 'bytes', FILE_BYTES_MAX))
    } else if ('directory' in row) this.#directories.add(pathIn(row, 'directory'))
    else this.#step(row, this.#header.processes)
  }

  trace(): Trace {
    if (this.#header === undefined) throw new PotluckError('MALFORMED', 'the trace is empty')
    const { program, processes } = this.#header
    const [files, directories, steps] = [this.#files, this.#directories, this.#steps]
    return { program, processes, files, directories, steps }
  }

  #step(row: Row, processes: number): void {
    if (this.#steps.length >= STEPS_MAX) {
      throw new PotluckError('TOO_LARGE', `the trace has over ${STEPS_MAX} steps`)
    }
    const process = numberIn(row, 'process', processes - 1)
    this.#steps.push({ process, afterMs: numberIn(row, 'after', 1e9), call: callIn(row) })
  }
}

function headerOf(row: Row) {
  if (row['format'] !== FORMAT || row['version'] !== VERSION) {
    throw new Error(`not a ${FORMAT} of version ${VERSION}; \`potluck sim trace\` makes one`)
  }
  const program = typeof row['program'] === 'string' ? row['program'] : ''
  return { program, processes: numberIn(row, 'processes', PROCESSES_MAX) }
}

function callIn(row: Row): TraceStep['call'] {
  if ('stat' in row) return { kind: 'stat', path: pathIn(row, 'stat') }
  if ('list' in row) return { kind: 'list', path: pathIn(row, 'list') }
  const path = pathIn(row, 'read')
  const [from, length] = [numberIn(row, 'from', FILE_BYTES_MAX), numberIn(row, 'length', 2 ** 40)]
  return { kind: 'read', path, from, length }
}

function pathIn(row: Row, name: string): Path {
  const path = row[name]
  if (typeof path !== 'string' || path.length > PATH_MAX) throw new Error(`no path in '${name}'`)
  const isGood = path === '' || path.split('/').every(isName)
  if (!isGood || /[\u0100-\uffff]/.test(path))
    throw new Error(`'${path}' is not a path in a volume`)
  return path
}

function numberIn(row: Row, name: string, most: number): number {
  const value = row[name]
  if (typeof value === 'number' && value >= 0 && value <= most) return value
  throw new Error(`'${name}' is not a number from 0 to ${most}`)
}
