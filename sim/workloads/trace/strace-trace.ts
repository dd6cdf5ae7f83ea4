// strace's output to a trace: which paths under one directory the traced processes asked for, found or
// not, what they read of them, and how long they thought between.
import type { Path } from '../../../src/ports/messages.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { type Finding, findingOf } from './findings.ts'
import { OpenFiles } from './open-files.ts'
import { type StraceCall, StraceLines, unquote } from './strace-line.ts'
import type { Trace, TraceStep } from './trace.ts'

export type StraceOptions = {
  /** Only paths in this directory, absolute; they become relative to it. */
  readonly under: string
  /** Where the traced program was started, absolute: relative paths start there. */
  readonly cwd: string
  /** How much of a mapping counts as read, from its start, 0 to 1. @default 1 */
  readonly mappedShare?: number
}

const LINE_MAX = 1024 * 1024

/** @throws PotluckError MALFORMED where nothing in it is a call under that directory; TOO_LARGE */
export async function traceOfStrace(
  lines: AsyncIterable<string> | Iterable<string>,
  options: StraceOptions,
): Promise<Trace> {
  const recorder = new Recorder(options)
  const parser = new StraceLines()
  for await (const line of lines) {
    if (line.length > LINE_MAX) throw new PotluckError('TOO_LARGE', 'a line of over 1 MiB')
    const call = parser.take(line)
    if (call !== undefined) recorder.take(call)
  }
  return recorder.trace()
}

type Traced = { readonly files: OpenFiles; index: number | undefined; endedSeconds: number }

class Recorder {
  readonly #options: StraceOptions
  readonly #traced = new Map<number, Traced>()
  readonly #sizes = new Map<Path, number>()
  /** How far files were mapped whose size may never be told. */
  readonly #mapped = new Map<Path, number>()
  readonly #directories = new Set<Path>()
  readonly #steps: TraceStep[] = []
  #program = ''
  #startSeconds: number | undefined
  #processes = 0

  constructor(options: StraceOptions) {
    this.#options = options
  }

  take(call: StraceCall): void {
    this.#startSeconds ??= call.atSeconds
    const process = this.#process(call.pid)
    if (call.name === 'execve' && this.#program === '') this.#program = programOf(call)
    if (isFork(call)) this.#fork(call, process)
    const finding = findingOf(call, process.files)
    const path = finding === undefined ? undefined : this.#inside(finding.path)
    if (finding !== undefined && path !== undefined) this.#take(call, process, { finding, path })
  }

  trace(): Trace {
    if (this.#steps.length === 0) {
      throw new PotluckError('MALFORMED', `no call on a path under ${this.#options.under} in it`)
    }
    for (const [path, to] of this.#mapped)
      if (this.#sizes.get(path) === 0) this.#sizes.set(path, to)
    for (const path of [...this.#sizes.keys(), ...this.#directories]) this.#addAbove(path)
    for (const path of this.#directories) this.#sizes.delete(path)
    const steps = this.#steps.filter(({ call }) => !this.#isReadOfDirectory(call))
    const [program, processes, directories] = [this.#program, this.#processes, this.#directories]
    return { program, processes, files: this.#sizes, directories, steps }
  }

  #take(call: StraceCall, process: Traced, at: { finding: Finding; path: Path }): void {
    const { finding, path } = at
    this.#learn(finding, path)
    const step = this.#stepOf(finding, path)
    if (step === undefined) return
    process.index ??= this.#processes++
    const startedSeconds = call.atSeconds ?? process.endedSeconds
    const afterMs = Math.max(0, (startedSeconds - process.endedSeconds) * 1000)
    process.endedSeconds = startedSeconds + call.tookSeconds
    this.#steps.push({ process: process.index, afterMs, call: step })
  }

  #stepOf(finding: Finding, path: Path): TraceStep['call'] | undefined {
    if (finding.type === 'absent') return { kind: 'stat', path }
    if (finding.type === 'found') return finding.isLookup ? { kind: 'stat', path } : undefined
    if (finding.type === 'list') return { kind: 'list', path }
    const { mappedShare = 1 } = this.#options
    const share = finding.type === 'mapped' ? mappedShare : 1
    return { kind: 'read', path, from: finding.from, length: Math.ceil(finding.length * share) }
  }

  /** What the tree must have, for a replay to find the same. */
  #learn(finding: Finding, path: Path): void {
    if (finding.type === 'absent') return
    if (finding.type === 'list') this.#directories.add(path)
    else if (finding.type === 'found' && finding.isDirectory) this.#directories.add(path)
    else {
      // What was read is there; what was mapped may reach past the end.
      const seen = finding.type === 'read' ? finding.from + finding.length : 0
      const told = finding.type === 'found' ? (finding.bytes ?? 0) : 0
      this.#sizes.set(path, Math.max(this.#sizes.get(path) ?? 0, seen, told))
      if (finding.type === 'mapped') {
        const to = finding.from + finding.length
        this.#mapped.set(path, Math.max(this.#mapped.get(path) ?? 0, to))
      }
    }
  }

  #process(pid: number): Traced {
    const known = this.#traced.get(pid)
    if (known !== undefined) return known
    return this.#add(pid, new OpenFiles(this.#options.cwd))
  }

  /** The child's first calls may be printed before the parent's is over: what it has then stays. */
  #fork(call: StraceCall, { files }: Traced): void {
    if (call.result <= 0 || this.#traced.has(call.result)) return
    const flags = call.arguments.join(',')
    const sharesFiles = flags.includes('CLONE_FILES')
    const sharesPlace = flags.includes('CLONE_FS')
    this.#add(call.result, files.fork({ sharesFiles, sharesPlace }))
  }

  #add(pid: number, files: OpenFiles): Traced {
    const traced = { files, index: undefined, endedSeconds: this.#startSeconds ?? 0 }
    this.#traced.set(pid, traced)
    return traced
  }

  /** Relative to the directory; undefined for what lies elsewhere. */
  #inside(absolute: string): Path | undefined {
    const under = this.#options.under === '/' ? '' : this.#options.under
    if (absolute === under) return ''
    return absolute.startsWith(`${under}/`) ? absolute.slice(under.length + 1) : undefined
  }

  #addAbove(path: Path): void {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      this.#directories.add(path.slice(0, at))
    }
  }

  #isReadOfDirectory({ kind, path }: TraceStep['call']): boolean {
    return kind === 'read' && (path === '' || this.#directories.has(path))
  }
}

function isFork({ name }: StraceCall): boolean {
  return /^(clone3?|v?fork)$/.test(name)
}

function programOf({ arguments: [path, argv = ''] }: StraceCall): string {
  const words = argv.slice(1, -1).split(', ').map(unquote)
  return words.every((word) => word !== undefined) ? words.join(' ') : (unquote(path) ?? '')
}
