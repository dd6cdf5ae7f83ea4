// Reads a whole tree and says of each path what it found: its type, mode, size and time, and the
// hash of its bytes. Two trees are equal when these sentences are.
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import type { ApiClient } from '../../api/api-client.ts'
import { bytesOf, textOf } from '../../api/paths.ts'
import type { Attributes } from '../../../src/ports/messages.ts'

/** As many as a busy program has open at a time. */
const FILES_AT_ONCE = 8
const CHUNK_BYTES = 1024 * 1024

export type Node = {
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly facts: string
}

/** A tree to read, mounted or through the API. Paths are texts, relative to its root. */
export type Tree = {
  children(directory: string): Promise<readonly Node[]>
  bytes(file: string): AsyncIterable<Uint8Array>
  target(symlink: string): Promise<string>
}

export type Reading = { readonly files: number; readonly bytes: number }

/**
 * @param onRead called for every path with its sentence
 * @param only the names in the root that are read; all where absent
 */
export async function readTree(
  tree: Tree,
  onRead: (path: string, sentence: string, bytes: number) => void,
  only?: readonly string[],
): Promise<void> {
  const queue: Node[] = [{ path: '', type: 'directory', facts: '' }]
  const working = new Set<Promise<void>>()
  const work = async (node: Node): Promise<void> => {
    const { sentence, bytes } = await describe(tree, node, (child) => {
      if (node.path !== '' || only === undefined || only.includes(child.path)) queue.push(child)
    })
    if (node.path !== '') onRead(node.path, sentence, bytes)
  }
  while (queue.length > 0 || working.size > 0) {
    // The newest first: the queue then holds a path's siblings, not the whole tree.
    for (let node; working.size < FILES_AT_ONCE && (node = queue.pop()) !== undefined;) {
      const running: Promise<void> = work(node).finally(() => working.delete(running))
      working.add(running)
    }
    await Promise.race(working)
  }
}

/** The sentence of one path of a directory as it is now; undefined where nothing is there. */
export async function sentenceOf(root: string, inside: string): Promise<string | undefined> {
  const tree = directoryTree(root)
  try {
    const node = nodeOfStats(inside, await lstat(path.join(root, inside), { bigint: true }))
    return (await describe(tree, node, () => undefined)).sentence
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function describe(
  tree: Tree,
  node: Node,
  found: (child: Node) => void,
): Promise<{ sentence: string; bytes: number }> {
  const start = `${node.type} ${node.facts}`
  if (node.type === 'directory') {
    for (const child of await tree.children(node.path)) found(child)
    return { sentence: start, bytes: 0 }
  }
  if (node.type === 'symlink')
    return { sentence: `${start} ${await tree.target(node.path)}`, bytes: 0 }
  if (node.type !== 'file') return { sentence: start, bytes: 0 }
  const { hash, bytes } = await hashOf(tree.bytes(node.path))
  return { sentence: `${start} ${bytes} ${hash}`, bytes }
}

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<{ hash: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of chunks) {
    hash.update(chunk)
    bytes += chunk.byteLength
  }
  return { hash: hash.digest('base64'), bytes }
}

/** A directory of the file system, a mount or the source itself. */
export function directoryTree(root: string): Tree {
  return {
    async children(directory) {
      const names = await readdir(path.join(root, directory))
      return Promise.all(
        names.map(async (name) => {
          const inside = directory === '' ? name : `${directory}/${name}`
          return nodeOfStats(inside, await lstat(path.join(root, inside), { bigint: true }))
        }),
      )
    },
    bytes: (file) => fileBytes(path.join(root, file)),
    target: (symlink) => readlink(path.join(root, symlink)),
  }
}

async function* fileBytes(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file)
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

export function nodeOfStats(inside: string, stats: BigIntStats): Node {
  const type = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symlink'
        : 'other'
  const mode = Number(stats.mode & 0o7777n)
  return {
    path: inside,
    type,
    facts: factsOf(type, { mode, uid: Number(stats.uid), mtime: stats.mtimeNs }),
  }
}

/** A volume through a peer's API. */
export function apiTree(client: ApiClient, volume: string): Tree {
  return {
    async children(directory) {
      const nodes: Node[] = []
      for await (const { name, attributes } of client.list(volume, bytesOf(directory))) {
        nodes.push(
          nodeOfAttributes(
            directory === '' ? textOf(name) : `${directory}/${textOf(name)}`,
            attributes,
          ),
        )
      }
      return nodes
    },
    bytes: (file) => client.file(volume, bytesOf(file)),
    async target(symlink) {
      return textOf((await client.attributes(volume, bytesOf(symlink))).target ?? '')
    },
  }
}

function nodeOfAttributes(inside: string, attributes: Attributes): Node {
  const { type, mode, uid, mtimeSeconds, mtimeNanos } = attributes
  const known = type === 'file' || type === 'directory' || type === 'symlink' ? type : 'other'
  const mtime = BigInt(mtimeSeconds) * 1_000_000_000n + BigInt(mtimeNanos)
  return { path: inside, type: known, facts: factsOf(known, { mode, uid, mtime }) }
}

function factsOf(
  type: Node['type'],
  { mode, uid, mtime }: { mode: number; uid: number; mtime: bigint },
): string {
  // A directory's time may change while the demo runs, when its tree is in use by somebody else.
  return `${mode.toString(8)} ${uid} ${type === 'directory' ? '' : mtime}`
}
