// The operations of an object store as commands.
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { PotluckError } from '../../../src/base/errors.ts'
import type { WriteOptions } from '../../../src/objects/operation.ts'
import { bytesOf, type Key, ObjectClient } from '../../objects/object-client.ts'
import { usageError } from '../exit-codes.ts'
import { formatBytes, formatCount } from '../options/quantities.ts'
import { renderTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { objectSocket, type SocketFlags } from './object-socket.ts'

export type { SocketFlags } from './object-socket.ts'

export type WriteFlags = SocketFlags & {
  readonly expect?: string
  readonly flush?: true
  readonly compressed?: true
  readonly compact?: true
  readonly revertable?: true
  readonly next?: string
}

type Context<Flags> = { readonly flags: Flags; readonly terminal: Terminal }

export async function runGet(
  text: string,
  flags: SocketFlags & { readonly range: readonly string[]; readonly follow?: true },
  terminal: Terminal,
): Promise<void> {
  const key = keyOf(text)
  await withStore({ flags, terminal }, async (store) => {
    if (flags.range.length > 0) {
      const found = await store.readRange(key, flags.range.map(rangeOf))
      for (const part of found?.parts ?? missing(text)) await put(part)
    } else if (flags.follow === true) {
      const records = await store.readFollow(key)
      if (records.length === 0) missing(text)
      for (const { bytes } of records) await put(bytes)
    } else {
      for await (const part of store.stream(key)) await put(part)
    }
  })
}

export async function runStat(
  text: string | undefined,
  flags: SocketFlags & { readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  await withStore({ flags, terminal }, async (store) => {
    const found =
      text === undefined ? undefined : ((await store.stat(keyOf(text))) ?? missing(text))
    const shards = text === undefined ? await store.statAll() : []
    if (flags.json === true) return terminal.out(`${JSON.stringify(found ?? shards)}\n`)
    if (found !== undefined) {
      const notes = [found.isCompressed && 'compressed', found.isRevertable && 'revertable']
      const words = [`version ${found.version}`, `${found.size} bytes`, ...notes.filter(Boolean)]
      return terminal.out(`${words.join(', ')}\n`)
    }
    const rows = shards.map((shard, i) => [
      `${i}`,
      formatCount(shard.records),
      `${formatBytes(shard.liveBytes)} of ${formatBytes(shard.capacityBytes)}`,
      formatBytes(shard.indexBytes),
      formatBytes(shard.writtenBytes),
      formatCount(shard.syncs),
      `${shard.freeZones} of ${shard.zones}`,
    ])
    const head = ['shard', 'records', 'live', 'index', 'written', 'syncs', 'free zones']
    terminal.out(renderTable(head, rows))
  })
}

export async function runList(
  prefix: string,
  flags: SocketFlags & { readonly versions?: true },
  terminal: Terminal,
): Promise<void> {
  await withStore({ flags, terminal }, async (store) => {
    for await (const { key, version } of store.list(prefix === '' ? '' : keyOf(prefix))) {
      terminal.out(`${nameOf(key)}${flags.versions === true ? `\t${version}` : ''}\n`)
    }
  })
}

export async function runWrite(
  name: 'put' | 'append',
  { key, file }: { readonly key: string; readonly file: string },
  { flags, terminal }: Context<WriteFlags>,
): Promise<void> {
  const options = optionsOf(flags)
  await withStore({ flags, terminal }, async (store) => {
    const bytes = inputOf(file, terminal)
    if (name === 'put') {
      terminal.out(`${await store.write(keyOf(key), bytes, options)}\n`)
      return
    }
    let version = 0
    for await (const part of bytes) version = await store.append(keyOf(key), part, options)
    terminal.out(`${version}\n`)
  })
}

export async function runDelete(
  text: string,
  flags: WriteFlags,
  terminal: Terminal,
): Promise<void> {
  await withStore({ flags, terminal }, (store) => store.delete(keyOf(text), optionsOf(flags)))
}

export async function runSwap(
  texts: readonly string[],
  flags: WriteFlags,
  terminal: Terminal,
): Promise<void> {
  const changes = await Promise.all(texts.map((text) => changeOf(text, terminal)))
  await withStore({ flags, terminal }, async (store) => {
    const durability = flags.flush === true ? 'sync' : 'disk'
    if (await store.swap(changes, { durability })) return
    throw new PotluckError('MISMATCH', 'nothing was changed: a version is not the one expected')
  })
}

export async function runOnKey(
  name: 'verify' | 'revert' | 'release',
  text: string,
  context: Context<SocketFlags>,
): Promise<void> {
  await withStore(context, async (store) => {
    if (!(await store[name](keyOf(text)))) missing(text)
  })
}

export async function runCompare(
  text: string,
  version: string,
  context: Context<SocketFlags>,
): Promise<void> {
  await withStore(context, async (store) => {
    if (await store.compare(keyOf(text), versionOf(version))) return
    throw new PotluckError('MISMATCH', `${text} has another version than ${version}`)
  })
}

export async function runFlush(flags: SocketFlags, terminal: Terminal): Promise<void> {
  await withStore({ flags, terminal }, (store) => store.flush())
}

async function withStore(
  { flags, terminal }: Context<SocketFlags>,
  use: (store: ObjectClient) => Promise<void>,
): Promise<void> {
  const store = await ObjectClient.connect(objectSocket(flags, terminal))
  try {
    await use(store)
  } finally {
    store.close()
  }
}

function keyOf(text: string): Key {
  if (/^0x([0-9a-f]{2})+$/i.test(text)) return Buffer.from(text.slice(2), 'hex')
  return /^#\d+$/.test(text) ? BigInt(text.slice(1)) : text
}

/** As `keyOf` reads it, where it is not plain text. */
function nameOf(key: Uint8Array): string {
  const bytes = Buffer.from(key)
  const text = bytes.toString()
  const isPlain = Buffer.from(text).equals(bytes) && /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(text)
  return isPlain && keyOf(text) === text ? text : `0x${bytes.toString('hex')}`
}

function versionOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw usageError(`"${text}" is not a version; \`potluck object stat\` tells them`)
}

function rangeOf(text: string): { from: number; length: number } {
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(text)
  if (match === null) throw usageError(`--range: "${text}" is not FROM:LENGTH, such as 0:4096`)
  return { from: Number(match[1]), length: Number(match[2]) }
}

function optionsOf(flags: WriteFlags): WriteOptions {
  const next = flags.next === undefined ? undefined : keyOf(flags.next)
  return {
    durability: flags.flush === true ? 'sync' : 'disk',
    isCompressed: flags.compressed === true,
    isCompact: flags.compact === true,
    isRevertable: flags.revertable === true,
    ...(flags.expect === undefined ? {} : { expected: versionOf(flags.expect) }),
    ...(next === undefined ? {} : { next: bytesOf(next) }),
  }
}

async function changeOf(text: string, terminal: Terminal) {
  const match = /^(.+)=(\d+)(?::(.+))?$/s.exec(text)
  if (match === null) throw usageError(`"${text}" is not KEY=VERSION:FILE or KEY=VERSION`)
  const [, key = '', version = '', file] = match
  const change = { key: keyOf(key), expected: versionOf(version) }
  if (file === undefined) return change
  const parts: Buffer[] = []
  for await (const part of inputOf(file, terminal)) parts.push(part)
  return { ...change, bytes: Buffer.concat(parts) }
}

function inputOf(file: string, { cwd }: Terminal): AsyncIterable<Buffer> {
  return file === '-' ? process.stdin : createReadStream(path.resolve(cwd, file))
}

function put(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error instanceof Error ? reject(error) : resolve()))
  })
}

function missing(key: string): never {
  throw new PotluckError('ENOENT', `there is no object ${key}`)
}
