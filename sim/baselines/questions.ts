// What the nodes of a baseline ask each other, in the mesh's own messages, so that a question costs here
// what it costs there: attributes by a `xattrs` want, answered by `changed`; names by a page; bytes by
// data. The path alone says which inode is meant, as nothing changes under a baseline.
import { Buffer } from 'node:buffer'
import { codeOf } from '../../src/base/errors.ts'
import { keyOf } from '../../src/block/key.ts'
import type { Answer, Attributes, Key, Name, Path, Want } from '../../src/ports/messages.ts'
import type { SimSource } from '../storage/source.ts'

export type Question = {
  readonly kind: 'stat' | 'list' | 'read'
  readonly path: Path
  /** read: which part of the file, in parts of the baseline's own size. Else 0. */
  readonly index: number
}

const KINDS = { stat: 'xattrs', list: 'page', read: 'data' } as const
const QUESTIONS = { xattrs: 'stat', page: 'list', data: 'read' } as const

export function wantOf({ kind, path, index }: Question): Want {
  const at = { volume: 'data', kind: KINDS[kind], inode: path, index, splits: 0, path } as const
  return { ...at, version: 0, floor: 0, reach: 'climb' }
}

export function questionOf({ kind, path, index }: Want): Question {
  return { kind: QUESTIONS[kind], path, index }
}

/** Where a question's answer lies in the key space. */
export function placeOf(question: Question): Key {
  return keyOf(wantOf(question))
}

/** Asks the source. @throws PotluckError what it failed with, except that something is not there */
export async function askSource(
  source: SimSource,
  { kind, path, index }: Question,
  { inode, partBytes }: { readonly inode: string; readonly partBytes: number },
): Promise<Answer> {
  if (kind === 'stat') return statOf(source, path)
  if (kind === 'list')
    return blockOf(Buffer.from((await namesIn(source, path)).join('/'), 'latin1'))
  const range = { inode, from: index * partBytes, length: partBytes }
  return blockOf((await source.read(path, range, { isOpen: index > 0 })).bytes)
}

/** The names of a directory: one operation, the children's attributes are not asked for. */
export async function namesIn(source: SimSource, path: Path): Promise<readonly Name[]> {
  let found: readonly Name[] = []
  const choose = (names: readonly Name[]) => {
    found = names
    return []
  }
  await source.list(path, { choose })
  return found
}

export function attributesIn(answer: Answer): Attributes | undefined {
  return answer.type === 'changed' ? answer.attributes : undefined
}

export function bytesIn(answer: Answer): Uint8Array {
  return answer.type === 'block' ? answer.block.bytes : new Uint8Array(0)
}

export function namesOf(answer: Answer): readonly Name[] {
  const text = Buffer.from(bytesIn(answer)).toString('latin1')
  return text === '' ? [] : text.split('/')
}

/** `missing` where nothing is there. @throws PotluckError what else the source failed with */
export async function statOf(source: SimSource, path: Path): Promise<Answer> {
  try {
    return { type: 'changed', attributes: await source.attributes(path), stamp: 0 }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { type: 'missing' }
    throw error
  }
}

function blockOf(bytes: Uint8Array): Answer {
  return { type: 'block', block: { stamp: 0, version: 0, checksum: 0, bytes } }
}
