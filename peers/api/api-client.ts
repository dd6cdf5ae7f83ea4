// The other end of the local API, for the commands and the demo: one method a route, typed, errors
// with the codes they had in the peer.
import type { IncomingMessage } from 'node:http'
import { PotluckError, isErrorCode } from '../../src/base/errors.ts'
import type { HeatStatus } from '../../src/node/heat/heat-status.ts'
import type { Holder } from '../../src/node/mesh-node.ts'
import type { Path } from '../../src/ports/messages.ts'
import type { WarmProgress } from '../../src/volume/warm.ts'
import type { StatusSample } from './history/status-history.ts'
import type {
  AttributesReply,
  Failure,
  ListLine,
  PeerStatus,
  Readiness,
  WarmLine,
} from './protocol.ts'
import { escapeBytes } from './request.ts'
import type { TraceSummary } from './traces/trace-routes.ts'

// An import of it would fill in all of its exports, and load undici for three of them.
const http = process.getBuiltinModule('node:http')

type Call = {
  readonly method?: 'GET' | 'POST'
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly signal?: AbortSignal | undefined
}

export type Signalled = { readonly signal?: AbortSignal }

type Entry = Extract<ListLine, { type: 'entry' }>

/** All methods throw PotluckError: UNREACHABLE where no peer answers, ABORTED, what the peer said. */
export class ApiClient {
  readonly #socket: string
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 16 })

  constructor(socket: string) {
    this.#socket = socket
  }

  status(options: Signalled = {}): Promise<PeerStatus> {
    return this.#json('/status', options)
  }

  /** A few numbers every ten seconds of the last half hour. */
  history(options: Signalled = {}): Promise<readonly StatusSample[]> {
    return this.#json('/history', options)
  }

  /** Answers at once where the peer is ready, else after at most `waitMs`. */
  ready(peers: number, waitMs: number, options: Signalled = {}): Promise<Readiness> {
    return this.#json('/ready', { query: { peers, wait: waitMs }, ...options })
  }

  holders(
    volume: string,
    path: Path,
    options: Signalled = {},
  ): Promise<{ readonly blocks: number; readonly holders: readonly Holder[] }> {
    return this.#json('/holders', { query: { volume, path }, ...options })
  }

  attributes(volume: string, path: Path, options: Signalled = {}): Promise<AttributesReply> {
    return this.#json('/attributes', { query: { volume, path }, ...options })
  }

  async invalidate(
    volume: string,
    path: Path,
    options: Signalled & { readonly recursive?: boolean } = {},
  ): Promise<void> {
    const { signal, recursive = false } = options
    await this.#json('/invalidate', { method: 'POST', body: { volume, path, recursive }, signal })
  }

  async *list(volume: string, path: Path, options: Signalled = {}): AsyncGenerator<Entry> {
    for await (const line of this.#lines<ListLine>('/list', {
      query: { volume, path },
      ...options,
    })) {
      if (line.type === 'failed') throw new PotluckError(line.code, line.message)
      yield line
    }
  }

  /** A file's bytes as they come. An answer that breaks off throws. */
  async *file(volume: string, path: Path, options: Signalled = {}): AsyncGenerator<Uint8Array> {
    const response = await this.#open('/file', { query: { volume, path }, ...options })
    try {
      yield* response as AsyncIterable<Buffer>
    } catch (cause) {
      throw new PotluckError('EIO', `"${path}" broke off while it was read`, { cause })
    }
  }

  async warm(
    volume: string,
    paths: readonly Path[],
    options: Signalled & {
      readonly everyNode?: boolean
      /** What the trace of this name holds, and not paths. */
      readonly trace?: string
      readonly onProgress?: (progress: WarmProgress) => void
    } = {},
  ): Promise<WarmProgress> {
    const { signal, everyNode = false, trace, onProgress } = options
    const body = { volume, paths, everyNode, trace }
    for await (const line of this.#lines<WarmLine>('/warm', { method: 'POST', body, signal })) {
      if (line.type === 'failed') throw new PotluckError(line.code, line.message)
      if (line.type === 'done') return line
      onProgress?.(line)
    }
    throw new PotluckError('UNREACHABLE', 'the peer stopped while it was warming')
  }

  heat(options: Signalled = {}): Promise<HeatStatus> {
    return this.#json('/heat', options)
  }

  async pin(
    volume: string,
    path: Path,
    { isPinned, signal }: Signalled & { readonly isPinned: boolean },
  ): Promise<void> {
    await this.#json('/pin', { method: 'POST', body: { volume, path, isPinned }, signal })
  }

  traces(options: Signalled = {}): Promise<readonly TraceSummary[]> {
    return this.#json('/traces', options)
  }

  /** A trace as the bytes of a file. */
  async trace(volume: string, name: string, options: Signalled = {}): Promise<Uint8Array> {
    return readBytes(await this.#open('/trace', { query: { volume, name }, ...options }))
  }

  importTrace(volume: string, bytes: Uint8Array, options: Signalled = {}): Promise<TraceSummary> {
    return this.#json('/trace', { method: 'POST', query: { volume }, body: bytes, ...options })
  }

  traceWork<T = unknown>(
    work: 'record' | 'end' | 'delete',
    body: {
      readonly volume: string
      readonly name: string
      readonly pid?: number
      readonly command?: string
    },
    options: Signalled = {},
  ): Promise<T> {
    return this.#json(`/trace/${work}`, { method: 'POST', body, ...options })
  }

  close(): void {
    this.#agent.destroy()
  }

  async #json<T>(path: string, call: Call): Promise<T> {
    return JSON.parse(await readText(await this.#open(path, call))) as T
  }

  async *#lines<T>(path: string, call: Call): AsyncGenerator<T> {
    const response = await this.#open(path, call)
    // Not readline: its interface throws at nobody when the answer is left before its end.
    let rest = ''
    response.setEncoding('utf8')
    for await (const chunk of chunksOf(response, call)) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as T
    }
    if (rest !== '') yield JSON.parse(rest) as T
  }

  async #open(path: string, call: Call): Promise<IncomingMessage> {
    const response = await this.#send(path, call)
    if (response.statusCode === 200) return response
    throw errorOf(await readText(response), response.statusCode)
  }

  #send(path: string, call: Call): Promise<IncomingMessage> {
    const { method = 'GET', body, query = {}, signal } = call
    return new Promise((resolve, reject) => {
      const request = http.request({
        socketPath: this.#socket,
        agent: this.#agent,
        method,
        path: `${path}?${queryText(query)}`,
        ...(signal === undefined ? {} : { signal }),
      })
      request.once('response', resolve)
      request.once('error', (error: NodeJS.ErrnoException) => {
        // The peer closed an idle connection just as it was taken for this: it has seen nothing of it.
        const isStale = request.reusedSocket && error.code === 'ECONNRESET'
        if (isStale && signal?.aborted !== true) resolve(this.#send(path, call))
        else reject(this.#explain(error))
      })
      const isBytes = body === undefined || body instanceof Uint8Array
      request.end(isBytes ? body : JSON.stringify(body))
    })
  }

  #explain(cause: NodeJS.ErrnoException): PotluckError {
    if (cause.name === 'AbortError') return new PotluckError('ABORTED', 'interrupted', { cause })
    if (cause.code === 'EACCES') {
      const message = `no permission for ${this.#socket}; run as the user of the peer`
      return new PotluckError('EACCES', message, { cause })
    }
    const remedy = 'start one with "potluck peer", or name its socket with --api'
    const message = `no peer answers at ${this.#socket} (${cause.code}); ${remedy}`
    return new PotluckError('UNREACHABLE', message, { cause })
  }
}

/** An answer that breaks off because nobody wants it any more says so. */
async function* chunksOf(response: IncomingMessage, { signal }: Call): AsyncGenerator<string> {
  try {
    yield* response as AsyncIterable<string>
  } catch (cause) {
    if (signal?.aborted !== true) throw cause
    throw new PotluckError('ABORTED', 'interrupted', { cause })
  }
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeBytes(String(value))}`)
    .join('&')
}

async function readText(response: IncomingMessage): Promise<string> {
  return (await readBytes(response)).toString('utf8')
}

async function readBytes(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function errorOf(text: string, status = 0): PotluckError {
  const { code, message } = (JSON.parse(text) as Failure).error
  return new PotluckError(isErrorCode(code) ? code : 'EIO', message || `status ${status}`)
}
