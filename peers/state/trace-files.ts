// Access traces under `--state DIR`, one file each, `traces/VOLUME/NAME.trace`. Whatever lies there may be
// damaged or somebody else's: it is decoded and checked as if it came from the network, and what is no trace
// is left where it is and said. It must never follow a symbolic link, nor write outside the directory.
import { mkdir, readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../../src/base/log.ts'
import { PotluckError } from '../../src/base/errors.ts'
import { decodeTrace, encodeTrace } from '../../src/heat/trace-format.ts'
import { MAX_TRACE_BYTES, type Trace } from '../../src/heat/trace.ts'
import { MAX_TRACES } from '../../src/heat/trace-store.ts'
import { readWhole, writeWhole } from './whole-file.ts'

const ENDING = '.trace'

export type TraceFiles = {
  /** Those that lay there at the start. */
  readonly traces: readonly Trace[]
  /** Writes or removes one; what fails is logged, since a trace is only a hint. */
  readonly keep: (name: string, trace: Trace | undefined) => void
  /** Resolves when all is written. */
  readonly settled: () => Promise<void>
}

/** @throws PotluckError EACCES and the like where the directory can't be made or read */
export async function openTraceFiles(
  { state, volume }: { readonly state: string; readonly volume: string },
  log: Log,
): Promise<TraceFiles> {
  const directory = path.join(state, 'traces', encodeURIComponent(volume).replaceAll('.', '%2e'))
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(explain(directory))
  const traces: Trace[] = []
  const names = (await readdir(directory).catch(explain(directory))).filter((name) =>
    name.endsWith(ENDING),
  )
  for (const name of names.slice(0, MAX_TRACES)) {
    const trace = await readTraceFile(path.join(directory, name)).catch((error: unknown) => {
      log('warn', `${path.join(directory, name)} is passed over: ${String(error)}`)
    })
    if (trace?.name === name.slice(0, -ENDING.length)) traces.push(trace)
  }
  let last = Promise.resolve()
  const keep = (name: string, trace: Trace | undefined) => {
    const file = path.join(directory, `${name}${ENDING}`)
    // One after another, so that the last word stays the last.
    last = last
      .then(() => (trace === undefined ? unlink(file) : writeWhole(file, encodeTrace(trace))))
      .catch((error: unknown) => log('warn', `${file} can't be kept: ${String(error)}`))
  }
  return { traces, keep, settled: () => last }
}

function explain(directory: string): (error: NodeJS.ErrnoException) => never {
  return (cause) => {
    const code = cause.code === 'EACCES' || cause.code === 'ENOTDIR' ? cause.code : 'EIO'
    throw new PotluckError(code, `--state: ${directory} can't be used (${cause.code})`, { cause })
  }
}

/** @throws PotluckError MALFORMED, TOO_LARGE; Error of the file system */
export async function readTraceFile(file: string): Promise<Trace> {
  return decodeTrace(await readWhole(file, MAX_TRACE_BYTES))
}
