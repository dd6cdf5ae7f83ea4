// `potluck sim trace`: strace's output to a trace for `replay`.
import { createReadStream, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { PotluckError } from '../../../src/base/errors.ts'
import { traceOfStrace } from '../../../sim/workloads/trace/strace-trace.ts'
import { encodeTrace, type Trace } from '../../../sim/workloads/trace/trace.ts'
import { formatBytes, formatCount } from '../options/quantities.ts'
import type { Terminal } from '../terminal.ts'

export type TraceFlags = {
  readonly under: string
  readonly cwd?: string
  readonly mapped: number
  readonly out?: string
}

/** @throws PotluckError ENOENT, MALFORMED where nothing in it is under the directory */
export async function runTrace(file: string, flags: TraceFlags, terminal: Terminal): Promise<void> {
  const absolute = (given: string) => path.resolve(terminal.cwd, given)
  const trace = await traceOfStrace(linesOf(absolute(file)), {
    under: bytesOf(absolute(flags.under)),
    cwd: bytesOf(absolute(flags.cwd ?? '.')),
    mappedShare: flags.mapped,
  })
  const text = `${[...encodeTrace(trace)].join('\n')}\n`
  if (flags.out === undefined) terminal.out(text)
  else writeFileSync(absolute(flags.out), text)
  terminal.err(`${summaryOf(trace)}\n`)
}

async function* linesOf(file: string): AsyncIterable<string> {
  // Bytes, not characters: a name need not be UTF-8.
  const input = createReadStream(file, 'latin1')
  try {
    yield* createInterface({ input, crlfDelay: Infinity })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'ENOENT' : 'EIO'
    throw new PotluckError(code, `${file} can't be read`, { cause: error })
  }
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function summaryOf({ program, processes, files, directories, steps }: Trace): string {
  const bytes = [...files.values()].reduce((sum, size) => sum + size, 0)
  const absent = steps.filter(({ call }) => {
    return call.kind === 'stat' && !files.has(call.path) && !directories.has(call.path)
  })
  return (
    `${program}: ${formatCount(steps.length)} calls of ${processes} processes on ` +
    `${formatCount(files.size)} files (${formatBytes(bytes)}), ${formatCount(absent.length)} absent`
  )
}
