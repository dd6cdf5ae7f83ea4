// The local API's server: HTTP on a Unix socket that only this user may open. It must never serve
// on a network, follow a symbolic link, or hold more of a request than its bounds.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../src/base/log.ts'
import { codeOf } from '../../src/base/errors.ts'
import { failureOf, statusOf } from './failures.ts'
import { API_LIMITS } from './protocol.ts'
import { parseQuery } from './request.ts'
import { keepHistory } from './history/status-history.ts'
import { ROUTES, statusFor } from './routes.ts'
import type { Served, Subject } from './routes.ts'
import { listenOnSocket } from './unix-socket.ts'

// An import of it would fill in all of its exports, and load undici for three of them.
const http = process.getBuiltinModule('node:http')

/** A kernel may take nothing while somebody in it waits for a storage that hangs. */
const FORGOTTEN_MS = 2_000

export type ApiServer = { readonly socket: string; stop(): Promise<void> }

/**
 * Serves until stopped, which removes the socket.
 *
 * @throws PotluckError EBUSY, EEXIST, EACCES from taking the socket
 */
export async function serveApi(subject: Subject, socket: string, log: Log): Promise<ApiServer> {
  const history = keepHistory(() => statusFor(subject))
  const served: Served = {
    ...subject,
    samples: history.samples,
    whenForgotten: () => atMost(FORGOTTEN_MS, subject.whenForgotten()),
  }
  const server = http.createServer((request, response) => {
    void answer({ subject: served, request, response }, log)
  })
  server.maxConnections = API_LIMITS.connections
  await listenOnSocket(server, socket).catch((error: unknown) => {
    history.stop()
    throw error
  })
  return {
    socket,
    async stop() {
      history.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Resolves with something that never rejects, or without it when it takes too long. */
function atMost(ms: number, what: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void what.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

type Call = {
  readonly subject: Served
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function answer(call: Call, log: Log): Promise<void> {
  const gone = new AbortController()
  call.response.once('close', () => gone.abort())
  try {
    await dispatch(call, gone.signal)
  } catch (error) {
    const fields = { url: call.request.url, error: String(error) }
    if (!gone.signal.aborted) log('debug', 'api request failed', fields)
    fail(call.response, error)
  }
}

async function dispatch({ subject, request, response }: Call, signal: AbortSignal): Promise<void> {
  const [pathname = '', search = ''] = (request.url ?? '').split('?', 2)
  const handler = ROUTES.get(`${request.method} ${pathname}`)
  if (handler === undefined) return refuse(response, pathname)
  await handler({ subject, query: parseQuery(search), request, response, signal })
}

function refuse(response: ServerResponse, pathname: string): void {
  const isKnown = ['GET', 'POST'].some((method) => ROUTES.has(`${method} ${pathname}`))
  const message = isKnown
    ? 'wrong method for this path'
    : `nothing is served at ${pathname.slice(0, 100)}`
  send(response, isKnown ? 405 : 404, { error: { code: 'EINVAL', message } })
}

// Once bytes are out, only a broken connection can still say that they are not all of them.
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else send(response, statusOf(codeOf(error)), failureOf(error))
}

// The connection ends with an error: the rest of an oversized body must not be waited for.
function send(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  })
  response.end(text)
}
