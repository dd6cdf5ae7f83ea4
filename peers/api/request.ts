// One request to the API, read and checked: every size that comes from outside has a bound here.
import type { IncomingMessage } from 'node:http'
import { PotluckError } from '../../src/base/errors.ts'
import type { Path } from '../../src/ports/messages.ts'
import { checkPath } from './paths.ts'
import { API_LIMITS } from './protocol.ts'

/** Query parameters as byte strings: percent-escapes are bytes, as they are in file names. */
export type Query = ReadonlyMap<string, string>

/** @throws PotluckError EINVAL on a broken escape */
export function parseQuery(search: string): Query {
  const query = new Map<string, string>()
  for (const pair of search.split('&').filter((each) => each !== '')) {
    const [name = '', ...value] = pair.split('=')
    query.set(name, unescapeBytes(value.join('=')))
  }
  return query
}

export function unescapeBytes(text: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text))
    throw new PotluckError('EINVAL', `"${text.slice(0, 100)}" has a broken %-escape`)
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}

/** The inverse, for a byte string. */
export function escapeBytes(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9_.~/-]/g,
    (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

export function queryVolume(query: Query): string {
  const volume = query.get('volume')
  if (volume === undefined || volume === '')
    throw new PotluckError('EINVAL', 'no volume; add volume=NAME')
  return volume
}

export function queryPath(query: Query): Path {
  return checkPath(query.get('path') ?? '')
}

/** A whole number from 0 to `most`, `fallback` where none is given. @throws PotluckError EINVAL */
export function queryNumber(
  query: Query,
  name: string,
  { fallback, most }: { readonly fallback: number; readonly most: number },
): number {
  const text = query.get(name)
  if (text === undefined) return fallback
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (value <= most) return value
  throw new PotluckError(
    'EINVAL',
    `${name}="${text.slice(0, 40)}" is not a whole number up to ${most}`,
  )
}

export type Body = Readonly<Record<string, unknown>>

/** The JSON object of a request's body. @throws PotluckError TOO_LARGE or MALFORMED */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > API_LIMITS.bodyBytes)
      throw new PotluckError('TOO_LARGE', 'the request is larger than 1 MiB')
    chunks.push(chunk)
  }
  return parseBody(Buffer.concat(chunks).toString('utf8'))
}

function parseBody(text: string): Body {
  const body: unknown = parseJson(text)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  throw new PotluckError('MALFORMED', 'the body is not a JSON object')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new PotluckError('MALFORMED', 'the body is not JSON', { cause })
  }
}

export function bodyText(body: Body, name: string): string {
  const value = body[name]
  if (typeof value === 'string' && value !== '') return value
  throw new PotluckError('EINVAL', `"${name}" is missing or no text`)
}

export function bodySwitch(body: Body, name: string): boolean {
  const value = body[name] ?? false
  if (typeof value === 'boolean') return value
  throw new PotluckError('EINVAL', `"${name}" is neither true nor false`)
}

export function bodyPaths(body: Body): readonly Path[] {
  const paths = body['paths']
  if (!Array.isArray(paths) || paths.length === 0 || paths.length > API_LIMITS.paths) {
    throw new PotluckError('EINVAL', `"paths" is not a list of 1 to ${API_LIMITS.paths} paths`)
  }
  return paths.map((each) => {
    if (typeof each === 'string') return checkPath(each)
    throw new PotluckError('EINVAL', 'one of "paths" is no text')
  })
}

export function bodyPath(body: Body): Path {
  const path = body['path'] ?? ''
  if (typeof path === 'string') return checkPath(path)
  throw new PotluckError('EINVAL', '"path" is no text')
}
