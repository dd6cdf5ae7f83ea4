// Access traces over the local API, for `potluck trace`. A trace travels as the bytes that it has in a
// file, and is checked as anybody's file would be: one format, one check. It must never believe a trace
// more than it would believe a peer's.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PotluckError } from '../../../src/base/errors.ts'
import { decodeTrace, encodeTrace } from '../../../src/heat/trace-format.ts'
import { MAX_TRACE_BYTES, type Trace } from '../../../src/heat/trace.ts'
import type { Traces } from '../../../src/heat/traces.ts'
import type { MeshNode } from '../../../src/node/mesh-node.ts'
import { bodyText, type Query, queryVolume, readBody } from '../request.ts'
import { sendJson } from '../send-json.ts'

export type TraceExchange = {
  readonly subject: { readonly node: MeshNode; whenForgotten(): Promise<unknown> }
  readonly query: Query
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** A trace in a list. */
export type TraceSummary = {
  readonly volume: string
  readonly name: string
  readonly command: string
  readonly recordedMs: number
  readonly entries: number
  /** Files of which something was read, and how much of them. */
  readonly files: number
  readonly bytes: number
}

type Handler = (exchange: TraceExchange) => Promise<void>

export const TRACE_ROUTES: readonly (readonly [string, Handler])[] = [
  ['GET /traces', answerTraces],
  ['GET /trace', answerTrace],
  ['POST /trace', answerImport],
  ['POST /trace/delete', answerDelete],
  ['POST /trace/record', answerRecord],
  ['POST /trace/end', answerEnd],
]

export function summaryOf(volume: string, trace: Trace): TraceSummary {
  const { name, command, recordedMs, entries } = trace
  const read = entries.filter(({ ranges }) => ranges.length > 0)
  const bytes = read
    .flatMap(({ ranges }) => ranges)
    .reduce((sum, { from, to }) => sum + to - from, 0)
  return { volume, name, command, recordedMs, entries: entries.length, files: read.length, bytes }
}

async function answerTraces({ subject, response }: TraceExchange): Promise<void> {
  const { node } = subject
  const summaries = node.volumes().flatMap(({ name }) => {
    const watched = tracesOrNone(node, name)
    return watched?.store.all().map((trace) => summaryOf(name, trace)) ?? []
  })
  sendJson(response, summaries)
}

/** Undefined where the volume's starts are not watched. */
function tracesOrNone(node: MeshNode, volume: string): Traces | undefined {
  try {
    return node.traces(volume)
  } catch (error) {
    if (error instanceof PotluckError && error.code === 'ENOTSUP') return undefined
    throw error
  }
}

async function answerTrace({ subject, query, response }: TraceExchange): Promise<void> {
  const name = query.get('name') ?? ''
  const trace = subject.node.traces(queryVolume(query)).store.get(name)
  if (trace === undefined) throw new PotluckError('ENOENT', `there is no trace '${name}'`)
  const bytes = encodeTrace(trace)
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
  })
  response.end(bytes)
}

async function answerImport({ subject, query, request, response }: TraceExchange): Promise<void> {
  const volume = queryVolume(query)
  const traces = subject.node.traces(volume)
  const trace = decodeTrace(await readBytes(request))
  traces.put(trace)
  sendJson(response, summaryOf(volume, trace))
}

async function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > MAX_TRACE_BYTES) throw new PotluckError('TOO_LARGE', 'no trace is that large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function answerDelete({ subject, request, response }: TraceExchange): Promise<void> {
  const body = await readBody(request)
  subject.node.traces(bodyText(body, 'volume')).delete(bodyText(body, 'name'))
  sendJson(response, {})
}

async function answerRecord({ subject, request, response }: TraceExchange): Promise<void> {
  const body = await readBody(request)
  const { pid } = body
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 0) {
    throw new PotluckError('EINVAL', '"pid" is no process id')
  }
  const command = bodyText(body, 'command')
  subject.node.traces(bodyText(body, 'volume')).record(bodyText(body, 'name'), { pid, command })
  // What the kernel still answers by itself is not seen, and so not recorded.
  await subject.whenForgotten()
  sendJson(response, {})
}

async function answerEnd({ subject, request, response }: TraceExchange): Promise<void> {
  const body = await readBody(request)
  const volume = bodyText(body, 'volume')
  sendJson(
    response,
    summaryOf(volume, subject.node.traces(volume).endRecord(bodyText(body, 'name'))),
  )
}
