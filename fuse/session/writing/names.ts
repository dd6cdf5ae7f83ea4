// Names that are made, moved and removed.
import type { FileType } from '../../../src/ports/messages.ts'
import type { Node, RenameMode } from '../../../src/ports/changes.ts'
import type { Entry } from '../../../src/volume/volume.ts'
import { typeBits } from '../../protocol/attributes.ts'
import type { Operation } from '../../protocol/operations.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { Call } from '../calls.ts'
import { type Context, failure, status } from '../context.ts'
import { refusalOf } from '../reading/directories.ts'
import type { Writing } from './writing.ts'

type Of<T extends Operation['type']> = Extract<Operation, { type: T }>
type Asked<T extends Operation['type']> = Of<T> & { readonly call: Call }
type At = { readonly parent: number; readonly name: string }

/**
 * Makes a name. The directory counts as changed from before until after: a listing taken meanwhile
 * may be of either state.
 */
async function make(
  { references, directories }: Context,
  at: At,
  work: () => Promise<Entry>,
): Promise<Reply> {
  const refusal = refusalOf(at.name)
  if (refusal !== undefined) return refusal
  directories.changed(at.parent)
  const entry = await work()
  directories.changed(at.parent)
  references.take(entry.nodeid, at.parent, at.name)
  return { type: 'entry', entry }
}

const TYPE_BITS = 0o170000
const typeOf = new Map<number, FileType>(
  Object.entries(typeBits).map(([type, bits]) => [bits, type as FileType]),
)

/** What mknod(2) can make; a mode without a type is a file. */
function nodeOf({ mode, rdev }: Of<'mknod'>): Node | undefined {
  const bits = mode & TYPE_BITS
  const type = bits === 0 ? 'file' : typeOf.get(bits)
  if (type === undefined || type === 'directory' || type === 'symlink') return undefined
  const isDevice = type === 'block' || type === 'character'
  return { type, mode: mode & 0o7777, rdev: isDevice ? rdev : 0 }
}

export async function mknod(
  context: Context,
  writing: Writing,
  request: Asked<'mknod'>,
): Promise<Reply> {
  const node = nodeOf(request)
  if (node === undefined) return failure('EINVAL')
  const at = { parent: request.call.header.nodeid, name: request.name }
  const options = writing.change(request.call, {}, request.umask)
  return make(context, at, () => writing.volume.mknod(at, node, options))
}

export function mkdir(
  context: Context,
  writing: Writing,
  { name, mode, umask, call }: Asked<'mkdir'>,
): Promise<Reply> {
  const at = { parent: call.header.nodeid, name }
  const options = writing.change(call, {}, umask)
  return make(context, at, () => writing.volume.mkdir(at, mode, options))
}

export function symlink(
  context: Context,
  writing: Writing,
  { name, target, call }: Asked<'symlink'>,
): Promise<Reply> {
  const at = { parent: call.header.nodeid, name }
  return make(context, at, () => writing.volume.symlink(at, target, writing.change(call, {})))
}

export function link(
  context: Context,
  writing: Writing,
  { linked, name, call }: Asked<'link'>,
): Promise<Reply> {
  const at = { parent: call.header.nodeid, name }
  return make(context, at, () => writing.volume.link(linked, at, writing.change(call, {})))
}

export async function remove(
  { directories }: Context,
  writing: Writing,
  { type, name, call }: Asked<'unlink' | 'rmdir'>,
): Promise<Reply> {
  const refusal = refusalOf(name)
  if (refusal !== undefined) return refusal
  const at = { parent: call.header.nodeid, name }
  const options = writing.change(call, {})
  directories.changed(at.parent)
  if (type === 'unlink') await writing.volume.unlink(at, options)
  else await writing.volume.rmdir(at, options)
  directories.changed(at.parent)
  return status(0)
}

/** RENAME_NOREPLACE and RENAME_EXCHANGE; whiteouts are for file systems that lie over others. */
const renameModes = new Map<number, RenameMode>([
  [0, 'replace'],
  [1, 'no-replace'],
  [2, 'exchange'],
])

export async function rename(
  context: Context,
  writing: Writing,
  { name, newParent, newName, flags, call }: Asked<'rename'>,
): Promise<Reply> {
  const mode = renameModes.get(flags)
  if (mode === undefined) return failure('EINVAL')
  const refusal = refusalOf(name) ?? refusalOf(newName)
  if (refusal !== undefined) return refusal
  const from = { parent: call.header.nodeid, name }
  const to = { parent: newParent, name: newName }
  const changed = () => {
    context.directories.changed(from.parent)
    context.directories.changed(to.parent)
  }
  changed()
  await writing.volume.rename(from, to, writing.change(call, { mode }))
  changed()
  context.references.renamed(to.parent, newName)
  if (mode === 'exchange') context.references.renamed(from.parent, name)
  return status(0)
}
