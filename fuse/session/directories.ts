// Names and directories.
import { direntBytes, type ListedEntry } from '../protocol/dirents.ts'
import { FOPEN } from '../protocol/flags.ts'
import type { Operation } from '../protocol/operations.ts'
import { OUT_HEADER_BYTES, type Reply } from '../protocol/reply.ts'
import type { DirectoryEntry, Options } from '../../src/volume/volume.ts'
import { type Context, failure } from './context.ts'

const NAME_MAX = 255

export async function lookup(
  { volume, references }: Context,
  { parent, name }: { parent: number; name: string },
  options: Options,
): Promise<Reply> {
  if (name.length > NAME_MAX) return failure('ENAMETOOLONG')
  if (name === '.' || name === '..' || name.includes('/')) return failure('EINVAL')
  const entry = await volume.lookup(parent, name, options)
  if ('attributes' in entry) {
    references.take(entry.nodeid, parent, name)
    return { type: 'entry', entry }
  }
  const isRemembered = references.absent(parent, name)
  return { type: 'entry', entry: isRemembered ? entry : { nodeid: 0, validMs: 0 } }
}

export async function opendir(
  { volume, handles }: Context,
  nodeid: number,
  options: Options,
): Promise<Reply> {
  const handle = await volume.opendir(nodeid, options)
  handles.addDirectory(handle)
  // The kernel drops its copy of the listing when the directory's mtime changes or a name in it is
  // invalidated, so it may keep it from one opendir to the next.
  return { type: 'opened', handle, flags: FOPEN.CACHE_DIR | FOPEN.KEEP_CACHE }
}

export function readdir(
  context: Context,
  {
    nodeid,
    handle,
    offset,
    length,
    plus,
  }: Extract<Operation, { type: 'readdir' }> & {
    nodeid: number
  },
): Reply {
  if (!context.handles.hasDirectory(handle)) return failure('EBADF')
  let room = Math.min(length, context.replyBytes - OUT_HEADER_BYTES)
  const entries: ListedEntry[] = []
  for (const dirent of context.volume.readdir(handle, offset)) {
    room -= direntBytes(dirent.name, plus)
    if (room < 0) break
    entries.push(plus ? listed(context, { nodeid, handle, dirent }) : { dirent })
  }
  return { type: 'directory', entries, plus }
}

/** The kernel knows '.' and '..' already: they get no reference and an empty entry. */
function listed(
  { volume, references }: Context,
  { nodeid, handle, dirent }: { nodeid: number; handle: number; dirent: DirectoryEntry },
): ListedEntry {
  if (dirent.name === '.' || dirent.name === '..') return { dirent }
  const entry = volume.reference(handle, dirent)
  references.take(entry.nodeid, nodeid, dirent.name)
  return { dirent, entry }
}
