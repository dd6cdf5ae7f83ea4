// Names and directories.
import { direntBytes, type ListedEntry } from '../../protocol/dirents.ts'
import { FOPEN } from '../../protocol/flags.ts'
import type { Operation } from '../../protocol/operations.ts'
import { OUT_HEADER_BYTES, type Reply } from '../../protocol/reply.ts'
import type { DirectoryEntry, Options } from '../../../src/volume/volume.ts'
import { type Context, failure } from '../context.ts'
import type { Place } from '../lazy/lazy-directories.ts'

const NAME_MAX = 255

/** So many names of a directory are looked up by listing it. */
const MAX_REFERRED = 16_384

/** The kernel checks names, too; a volume is given none that could lead anywhere else. */
export function refusalOf(name: string): Reply | undefined {
  if (name.length > NAME_MAX) return failure('ENAMETOOLONG')
  if (name === '.' || name === '..' || name.includes('/')) return failure('EINVAL')
  return undefined
}

export async function lookup(
  { volume, references }: Context,
  { parent, name }: { parent: number; name: string },
  options: Options,
): Promise<Reply> {
  const refusal = refusalOf(name)
  if (refusal !== undefined) return refusal
  const entry = await volume.lookup(parent, name, options)
  if ('attributes' in entry) {
    references.take(entry.nodeid, parent, name)
    return { type: 'entry', entry }
  }
  const isRemembered = references.absent(parent, name)
  return { type: 'entry', entry: isRemembered ? entry : { nodeid: 0, validMs: 0 } }
}

export async function opendir(
  { volume, directories, lazyDirectories }: Context,
  nodeid: number,
  options: Options,
): Promise<Reply> {
  if (lazyDirectories !== undefined) return failure('ENOSYS')
  const handle = await directories.open(nodeid, options)
  // The kernel drops its copy of the listing when the directory's mtime changes or a name in it is
  // invalidated, so it may keep it from one opendir to the next; a strict volume promises more.
  const flags = volume.isStrict === true ? 0 : FOPEN.CACHE_DIR | FOPEN.KEEP_CACHE
  return { type: 'opened', handle, flags }
}

type Readdir = Extract<Operation, { type: 'readdir' }> & { readonly nodeid: number }

export function readdir(
  context: Context,
  request: Readdir,
  options: Options,
): Promise<Reply> | Reply {
  const { directories, lazyDirectories } = context
  const { nodeid, handle, offset } = request
  if (lazyDirectories === undefined) {
    const place = directories.place(handle, offset, options)
    if (place === undefined) return failure('EBADF')
    const reply = (at: Place) => entriesAt(context, request, at)
    return place instanceof Promise ? place.then(reply) : reply(place)
  }
  const reply = (place: Place): Reply => {
    const entries = entriesAt(context, request, place)
    if (entries.entries.length === 0) lazyDirectories.end(nodeid, place)
    return entries
  }
  const place = lazyDirectories.place(nodeid, offset, options)
  return place instanceof Promise ? place.then(reply) : reply(place)
}

function entriesAt(context: Context, request: Readdir, place: Place) {
  const { nodeid, length, plus } = request
  const { handle, offset, base } = place
  // An entry out of a directory that has changed since may be one that was removed.
  const isHistory = context.writing !== undefined && !context.directories.isCurrent(request.handle)
  let room = Math.min(length, context.replyBytes - OUT_HEADER_BYTES)
  const entries: ListedEntry[] = []
  for (const found of context.volume.readdir(handle, offset)) {
    room -= direntBytes(found.name, plus)
    if (room < 0) break
    const listedEntry =
      plus && !isHistory ? listed(context, { nodeid, handle, dirent: found }) : { dirent: found }
    entries.push(base === 0 ? listedEntry : moved(listedEntry, base))
  }
  return { type: 'directory', entries, plus } satisfies Reply
}

/** The same entry with its offset as the kernel is to know it. */
function moved(listedEntry: ListedEntry, base: number): ListedEntry {
  const { dirent } = listedEntry
  return { ...listedEntry, dirent: { ...dirent, nextOffset: base + dirent.nextOffset } }
}

/**
 * The kernel knows '.' and '..' already: they get no reference and an empty entry. So do names far
 * down in a large directory, which it would have to keep an inode each for.
 */
function listed(
  { volume, references, isPending }: Context,
  { nodeid, handle, dirent }: { nodeid: number; handle: number; dirent: DirectoryEntry },
): ListedEntry {
  if (dirent.name === '.' || dirent.name === '..') return { dirent }
  if (dirent.nextOffset > MAX_REFERRED) return { dirent }
  const entry = volume.reference(handle, dirent)
  if (entry === undefined) return { dirent }
  if (isPending(entry.nodeid)) {
    volume.forget(entry.nodeid, 1)
    return { dirent }
  }
  references.take(entry.nodeid, nodeid, dirent.name)
  return { dirent, entry }
}
