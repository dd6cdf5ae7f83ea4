// `potluck trace`: access traces of a running peer's volumes, which all peers of the mesh share.
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiClient } from '../../api/api-client.ts'
import type { TraceSummary } from '../../api/traces/trace-routes.ts'
import { readTraceFile } from '../../state/trace-files.ts'
import { abortedError } from '../../../src/base/abort.ts'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import { decodeTrace, encodeTrace } from '../../../src/heat/trace-format.ts'
import { isTraceName, type Trace } from '../../../src/heat/trace.ts'
import { usageError } from '../exit-codes.ts'
import { formatBytes, formatCount } from '../options/quantities.ts'
import type { Flags } from '../options/read-options.ts'
import { progressBar } from '../progress.ts'
import { renderTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { withClient } from '../with-client.ts'
import { traceFigures } from './trace-figures.ts'
import { traceText } from './trace-text.ts'

export type TraceFlags = Flags & { readonly volume?: string; readonly json?: boolean }

/** Longer than a kernel takes to forget all that it has cached, on a machine that is busy. */
const FORGETTING_MS = 30_000

export async function runTraceList(flags: TraceFlags, terminal: Terminal): Promise<void> {
  await withClient(flags, terminal, async (client) => {
    const traces = await client.traces({ signal: terminal.interrupted })
    if (flags.json === true) return terminal.out(`${JSON.stringify(traces)}\n`)
    const head = ['volume', 'trace', 'command', 'files', 'read', 'names', 'recorded (UTC)']
    const rows = traces.map((each) => [
      each.volume,
      each.name,
      each.command,
      formatCount(each.files),
      formatBytes(each.bytes),
      formatCount(each.entries),
      new Date(each.recordedMs).toISOString().slice(0, 19),
    ])
    terminal.out(renderTable(head, rows, ['trace', 'command', 'recorded (UTC)']))
  })
}

export async function runTraceShow(
  name: string,
  flags: TraceFlags & { readonly report?: string },
  terminal: Terminal,
): Promise<void> {
  await withVolume(flags, terminal, async ({ client, volume }) => {
    const bytes = await client.trace(volume, name, { signal: terminal.interrupted })
    const trace = decodeTrace(bytes)
    if (flags.report !== undefined) return writePage(trace, flags.report, terminal)
    terminal.out(flags.json === true ? `${JSON.stringify(trace)}\n` : traceText(trace))
  })
}

async function writePage(trace: Trace, file: string, terminal: Terminal): Promise<void> {
  // The library that draws takes a second to load.
  const { picturesPage } = await import('../pictures-page.ts')
  const title = `Potluck: trace ${trace.name}`
  const page = await picturesPage(title, traceFigures(trace), traceText(trace))
  await writeFile(path.resolve(terminal.cwd, file), page).catch((cause: unknown) => {
    throw new PotluckError(codeOf(cause), `--report: ${messageOf(cause)}`, { cause })
  })
}

export async function runTraceExport(
  name: string,
  flags: TraceFlags & { readonly out: string },
  terminal: Terminal,
): Promise<void> {
  await withVolume(flags, terminal, async ({ client, volume }) => {
    const bytes = await client.trace(volume, name, { signal: terminal.interrupted })
    await writeFile(path.resolve(terminal.cwd, flags.out), bytes).catch((cause: unknown) => {
      throw new PotluckError(codeOf(cause), `--out: ${messageOf(cause)}`, { cause })
    })
    terminal.out(`${flags.out}: ${formatBytes(bytes.length)}\n`)
  })
}

export async function runTraceImport(
  file: string,
  flags: TraceFlags & { readonly as?: string },
  terminal: Terminal,
): Promise<void> {
  const read = await readTraceFile(path.resolve(terminal.cwd, file)).catch((cause: unknown) => {
    const message = `${file} can't be read as a trace: ${messageOf(cause)}`
    throw new PotluckError('EINVAL', message, { cause })
  })
  const trace = { ...read, name: flags.as ?? read.name, recordedMs: Date.now() }
  if (!isTraceName(trace.name)) throw usageError(`--as: "${trace.name}" can't be a trace's name`)
  await withVolume(flags, terminal, async ({ client, volume }) => {
    const options = { signal: terminal.interrupted }
    say(await client.importTrace(volume, encodeTrace(trace), options), terminal)
  })
}

export async function runTraceDelete(
  name: string,
  flags: TraceFlags,
  terminal: Terminal,
): Promise<void> {
  await withVolume(flags, terminal, async ({ client, volume }) => {
    await client.traceWork('delete', { volume, name }, { signal: terminal.interrupted })
    terminal.out(`deleted '${name}' on every node\n`)
  })
}

/** Runs a command, and keeps what it and its children use of the volume. */
export async function runTraceRecord(
  name: string,
  command: readonly string[],
  { flags, terminal }: { readonly flags: TraceFlags; readonly terminal: Terminal },
): Promise<void> {
  await withVolume(flags, terminal, async ({ client, volume }) => {
    const program = path.basename(command[0] ?? '')
    await client.traceWork('record', { volume, name, pid: process.pid, command: program })
    const end = () => client.traceWork<TraceSummary>('end', { volume, name })
    let code: number | string
    try {
      await forgotten(client, volume)
      code = await run(command, terminal)
    } catch (error) {
      // What went wrong first is what is told.
      await end().catch(() => undefined)
      throw error
    }
    const failed = `${command[0]} ended with ${code}`
    const summary = await end().catch((cause: unknown) => {
      if (terminal.interrupted.aborted) throw abortedError()
      if (code === 0) throw cause
      throw new PotluckError('EIO', `${failed}; ${messageOf(cause)}`, { cause })
    })
    say(summary, terminal)
    if (terminal.interrupted.aborted) throw abortedError()
    if (code !== 0) throw new PotluckError('EIO', `${failed}; its trace is kept all the same`)
  })
}

/** The kernel was told to forget what it has of the volume, or it would hide what is used. */
async function forgotten(client: ApiClient, volume: string): Promise<void> {
  const until = performance.now() + FORGETTING_MS
  while (performance.now() < until) {
    const { mounts } = await client.status()
    const mount = mounts.find((each) => each.volume === volume)
    if ((mount?.counters['fuse_invalidations_waiting'] ?? 0) === 0) return
    await sleep(10)
  }
}

function run(
  [file = '', ...given]: readonly string[],
  terminal: Terminal,
): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, given, { stdio: 'inherit', cwd: terminal.cwd })
    const pass = () => child.kill('SIGTERM')
    terminal.interrupted.addEventListener('abort', pass, { once: true })
    child.once('error', (cause) =>
      reject(new PotluckError('ENOENT', `${file} can't be run (${cause.message})`, { cause })),
    )
    child.once('exit', (code, signal) => {
      terminal.interrupted.removeEventListener('abort', pass)
      resolve(code ?? signal ?? 1)
    })
  })
}

export async function runTraceWarm(
  name: string,
  flags: TraceFlags,
  terminal: Terminal,
): Promise<void> {
  await withVolume(flags, terminal, async ({ client, volume }) => {
    const bar = progressBar(terminal, `warming ${name}`)
    const total = await client
      .warm(volume, [], {
        trace: name,
        everyNode: true,
        signal: terminal.interrupted,
        onProgress: ({ bytesDone, bytes }) => bar.update(bytesDone, bytes),
      })
      .finally(() => bar.stop())
    const what = `${formatCount(total.filesDone)} names, ${formatBytes(total.bytesDone)}`
    terminal.out(`${name}: ${what} warm here; every other node has begun\n`)
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type Place = { readonly client: ApiClient; readonly volume: string }

async function withVolume(
  flags: TraceFlags,
  terminal: Terminal,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  await withClient(flags, terminal, async (client) =>
    use({ client, volume: await volumeOf(client, flags, terminal) }),
  )
}

/** Where there is but one volume, nobody has to name it. */
async function volumeOf(client: ApiClient, flags: TraceFlags, terminal: Terminal): Promise<string> {
  if (flags.volume !== undefined) return flags.volume
  const { node } = await client.status({ signal: terminal.interrupted })
  const names = node.volumes.map((volume) => volume.name)
  const [only] = names
  if (names.length === 1 && only !== undefined) return only
  throw usageError(`--volume: there are several, give one of ${names.join(', ')}`)
}

function say({ name, entries, files, bytes }: TraceSummary, terminal: Terminal): void {
  const what = `${formatCount(files)} files, ${formatBytes(bytes)}, ${formatCount(entries)} names`
  terminal.err(`trace '${name}': ${what}\n`)
}
