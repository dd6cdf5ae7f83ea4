// What the API answers, one function a route. A handler throws PotluckError; the server turns that
// into a status and JSON. Answers that stream put a failure behind what went out already.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeshNode } from '../../src/node/mesh-node.ts'
import { failureOf } from './failures.ts'
import { API_LIMITS } from './protocol.ts'
import type { AttributesReply, ListLine, PeerFacts, PeerStatus, WarmLine } from './protocol.ts'
import { readiness } from './readiness.ts'
import {
  bodyPath,
  bodyPaths,
  bodySwitch,
  bodyText,
  queryNumber,
  queryPath,
  queryVolume,
  readBody,
} from './request.ts'
import type { Query } from './request.ts'
import { readDirectory, readFile, withPath } from './walk.ts'
import type { StatusSample } from './history/status-history.ts'
import { HEAT_ROUTES } from './heat/heat-routes.ts'
import { TRACE_ROUTES } from './traces/trace-routes.ts'
import { warmLines } from './warm-lines.ts'
import { sendJson } from './send-json.ts'

/** Whom the API speaks for. */
export type Subject = {
  readonly node: MeshNode
  facts(): PeerFacts
  /** Resolves when this machine's kernel has forgotten all that it was told to before. */
  whenForgotten(): Promise<unknown>
}

/** With what its API server itself noted. */
export type Served = Subject & { readonly samples: () => readonly StatusSample[] }

export type Exchange = {
  readonly subject: Served
  readonly query: Query
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

type Handler = (exchange: Exchange) => Promise<void>

export const ROUTES: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['GET /status', answerStatus],
  ['GET /history', answerHistory],
  ['GET /ready', answerReady],
  ['GET /holders', answerHolders],
  ['GET /attributes', answerAttributes],
  ['GET /list', answerList],
  ['GET /file', answerFile],
  ['POST /warm', answerWarm],
  ['POST /invalidate', answerInvalidate],
  ...TRACE_ROUTES,
  ...HEAT_ROUTES,
])

export function statusFor(subject: Subject): PeerStatus {
  return { ...subject.facts(), node: subject.node.status() }
}

async function answerStatus({ subject, response }: Exchange): Promise<void> {
  sendJson(response, statusFor(subject))
}

async function answerHistory({ subject, response }: Exchange): Promise<void> {
  sendJson(response, subject.samples())
}

async function answerReady({ subject, query, response, signal }: Exchange): Promise<void> {
  const peers = queryNumber(query, 'peers', { fallback: 1, most: API_LIMITS.peers })
  const waitMs = queryNumber(query, 'wait', { fallback: 0, most: API_LIMITS.waitMs })
  const until = performance.now() + waitMs
  let now = await readiness(subject.node, peers, signal)
  while (!now.isReady && performance.now() < until) {
    await sleep(20, undefined, { signal })
    now = await readiness(subject.node, peers, signal)
  }
  sendJson(response, now)
}

async function answerHolders({ subject, query, response, signal }: Exchange): Promise<void> {
  sendJson(response, await subject.node.holders(queryVolume(query), queryPath(query), { signal }))
}

async function answerAttributes({ subject, query, response, signal }: Exchange): Promise<void> {
  const volume = subject.node.volume(queryVolume(query))
  const place = { volume, path: queryPath(query), signal }
  const reply = await withPath(place, async ({ nodeid, attributes }): Promise<AttributesReply> => {
    if (attributes.type !== 'symlink') return { attributes }
    return { attributes, target: await volume.readlink(nodeid, { signal }) }
  })
  sendJson(response, reply)
}

async function answerList({ subject, query, response, signal }: Exchange): Promise<void> {
  const volume = subject.node.volume(queryVolume(query))
  await withPath({ volume, path: queryPath(query), signal }, async (found) => {
    const entries = readDirectory(volume, found, { signal })
    const first = await entries.next()
    await sendLines(response, signal, listLines(first, entries))
  })
}

async function* listLines(
  first: IteratorResult<{ name: string; attributes: AttributesReply['attributes'] }>,
  rest: ReturnType<typeof readDirectory>,
): AsyncGenerator<ListLine> {
  if (first.done) return
  yield { type: 'entry', name: first.value.name, attributes: first.value.attributes }
  for await (const { name, attributes } of rest) yield { type: 'entry', name, attributes }
}

async function answerFile({ subject, query, response, signal }: Exchange): Promise<void> {
  const volume = subject.node.volume(queryVolume(query))
  await withPath({ volume, path: queryPath(query), signal }, async (found) => {
    const size = found.attributes.size
    const most = Number.MAX_SAFE_INTEGER
    const from = queryNumber(query, 'from', { fallback: 0, most })
    const length = queryNumber(query, 'length', { fallback: size, most })
    const bytes = readFile(volume, found, { from, to: Math.min(size, from + length), signal })
    // The first slice before the status: a failure to open or read it is then still a clear error.
    const first = await bytes.next()
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    await pipeline(Readable.from(chunks(first, bytes)), response, { signal })
  })
}

async function* chunks(first: IteratorResult<Uint8Array>, rest: AsyncGenerator<Uint8Array>) {
  if (first.done) return
  yield first.value
  yield* rest
}

async function answerInvalidate({ subject, request, response }: Exchange): Promise<void> {
  const body = await readBody(request)
  const options = { recursive: bodySwitch(body, 'recursive') }
  await subject.node.invalidate(bodyText(body, 'volume'), bodyPath(body), options)
  // Whoever asked looks through a mount here next.
  await subject.whenForgotten()
  sendJson(response, {})
}

async function answerWarm({ subject, request, response, signal }: Exchange): Promise<void> {
  const body = await readBody(request)
  const volume = bodyText(body, 'volume')
  const trace = body['trace'] === undefined ? undefined : bodyText(body, 'trace')
  const paths = trace === undefined ? bodyPaths(body) : []
  const everyNode = bodySwitch(body, 'everyNode')
  subject.node.volume(volume)
  const warming = { volume, paths, everyNode, trace, signal }
  await sendLines(response, signal, warmLines(subject.node, warming))
}

async function sendLines(
  response: ServerResponse,
  signal: AbortSignal,
  lines: AsyncIterable<WarmLine | ListLine>,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  await pipeline(Readable.from(encodeLines(lines)), response, { signal })
}

async function* encodeLines(lines: AsyncIterable<WarmLine | ListLine>): AsyncGenerator<string> {
  try {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`
  } catch (error) {
    yield `${JSON.stringify({ type: 'failed', ...failureOf(error).error })}\n`
  }
}
