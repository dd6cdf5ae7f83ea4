// Prometheus text over HTTP. The one thing of a peer that answers on a network without proof of the
// mesh key, so it answers GET /metrics and nothing else.
import type { AddressInfo } from 'node:net'
import type { Server, ServerResponse } from 'node:http'
import { PotluckError } from '../../../src/base/errors.ts'
import type { ErrorCode } from '../../../src/base/errors.ts'
import type { Log } from '../../../src/base/log.ts'

// An import of it would fill in all of its exports, and load undici for three of them.
const http = process.getBuiltinModule('node:http')

const MOST_CONNECTIONS = 64

export type MetricsServer = { readonly url: string; stop(): Promise<void> }

export type MetricsInit = {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly text: () => Promise<string>
  readonly log: Log
}

/** @throws PotluckError EBUSY, EACCES or EINVAL where the address can't be had */
export async function serveMetrics(init: MetricsInit): Promise<MetricsServer> {
  const server = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
      return notHere(response)
    init.text().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
      (error: unknown) => {
        init.log('warn', 'metrics failed', { error: String(error) })
        response.writeHead(500).end()
      },
    )
  })
  server.maxConnections = MOST_CONNECTIONS
  await listen(server, init)
  return { url: urlOf(server.address() as AddressInfo), stop: () => close(server) }
}

function notHere(response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('only GET /metrics is served here\n')
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/metrics`
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

function listen(server: Server, { host, port }: MetricsInit): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const codes: Readonly<Record<string, ErrorCode>> = { EADDRINUSE: 'EBUSY', EACCES: 'EACCES' }
      const why = `can't listen on ${host}:${port} (${cause.code})`
      const message = `--metrics: ${why}; give another HOST:PORT`
      reject(new PotluckError(codes[cause.code ?? ''] ?? 'EINVAL', message, { cause }))
    })
    server.listen(port, host, resolve)
  })
}
