// The operations on one inode: its attributes, contents, target and extended attributes.
import { isServedXattr } from '../constant-answers.ts'
import { ERRNO } from '../../protocol/errno.ts'
import {
  FOPEN,
  OPEN_ACCESS_MODE,
  OPEN_TRUNCATE,
  SEEK_DATA,
  SEEK_HOLE,
} from '../../protocol/flags.ts'
import type { Operation } from '../../protocol/operations.ts'
import type { Reply } from '../../protocol/reply.ts'
import { codeOf } from '../../../src/base/errors.ts'
import type { Options } from '../../../src/volume/volume.ts'
import { asked, type Call } from '../calls.ts'
import { type Context, failure, status } from '../context.ts'
import { dropLocks } from '../writing/locks.ts'
import { openToWrite } from '../writing/open.ts'

type Of<T extends Operation['type']> = Extract<Operation, { type: T }>

export async function getattr({ volume }: Context, nodeid: number, options: Options) {
  const { attributes, validMs } = await volume.getattr(nodeid, options)
  return { type: 'attributes', attributes, validMs } satisfies Reply
}

export async function readlink({ volume }: Context, nodeid: number, options: Options) {
  return { type: 'text', text: await volume.readlink(nodeid, options) } satisfies Reply
}

type Open = Of<'open'> & { readonly nodeid: number }

export async function open(context: Context, request: Open, call: Call): Promise<Reply> {
  const { volume, handles, lazyFiles, writing } = context
  const { nodeid, flags } = request
  if (lazyFiles !== undefined) return failure('ENOSYS')
  const isOnlyRead = (flags & (OPEN_ACCESS_MODE | OPEN_TRUNCATE)) === 0
  if (writing !== undefined && !isOnlyRead) {
    return openToWrite(context, writing, { ...request, call })
  }
  if (!isOnlyRead) return failure('EROFS')
  const opened = await volume.open(nodeid, call)
  handles.add(opened.handle)
  // Where nothing can be written, nothing need be flushed at close. A close where something can be
  // drops a program's locks.
  const { keepCache, directIo } = opened
  const cache = directIo === true ? FOPEN.DIRECT_IO : keepCache ? FOPEN.KEEP_CACHE : 0
  const openFlags = cache | (writing === undefined ? FOPEN.NOFLUSH : 0)
  return { type: 'opened', handle: opened.handle, flags: openFlags }
}

export function release(
  { handles, writing }: Context,
  { handle, flockOwner }: Of<'release'>,
  call: Call,
): Promise<Reply> | Reply {
  writing?.unflushed.onRelease(handle)
  const hasLocks = flockOwner !== undefined || writing?.lockOwners.has(handle) === true
  if (!hasLocks || writing === undefined || !handles.has(handle)) {
    return status(handles.release(handle) ? 0 : ERRNO.EBADF)
  }
  const { nodeid } = call.header
  const flock = flockOwner === undefined ? [] : [{ nodeid, owner: flockOwner, isFlock: true }]
  // The kernel itself says when a flock goes, and to drop it twice could drop the next one: a new open
  // file may have the number of one that is over.
  const others = writing.lockOwners.onRelease(handle).filter(({ isFlock }) => !isFlock)
  return dropLocks(writing, [...others, ...flock], call)
    .then(() => status(0))
    .finally(() => handles.release(handle))
}

export async function read(
  { volume, handles, lazyFiles }: Context,
  { nodeid, handle, from, length }: Of<'read'> & { nodeid: number },
  options: Options,
): Promise<Reply> {
  const range = { from, length }
  if (lazyFiles !== undefined) {
    const slices = await lazyFiles.read(nodeid, range, options)
    return { type: 'content', slices: atMost(slices, length) }
  }
  if (!handles.has(handle)) return failure('EBADF')
  const slices = await volume.read(handle, range, options)
  return { type: 'content', slices: atMost(slices, length) }
}

/** The kernel refuses a reply with a single byte more than it asked for. */
export function atMost(slices: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  let room = length
  for (const [index, slice] of slices.entries()) {
    if (slice.length > room) return [...slices.slice(0, index), slice.subarray(0, room)]
    room -= slice.length
  }
  return slices
}

export async function lseek(
  context: Context,
  request: Of<'lseek'> & { nodeid: number },
  call: Call,
): Promise<Reply> {
  const { handle, offset, whence } = request
  if (whence !== SEEK_DATA && whence !== SEEK_HOLE) return failure('EINVAL')
  const { writing, handles } = context
  if (writing === undefined) return seekIn(context, request, call)
  if (!handles.has(handle)) return failure('EBADF')
  const how = { for: whence === SEEK_DATA ? 'data' : 'hole' } as const
  return { type: 'offset', offset: await writing.volume.seek(handle, offset, asked(call, how)) }
}

/** Where nothing is written, all of a file is data, up to a hole that begins at its end. */
async function seekIn(
  { volume }: Context,
  { nodeid, offset, whence }: Of<'lseek'> & { nodeid: number },
  options: Options,
): Promise<Reply> {
  const { attributes } = await volume.getattr(nodeid, options)
  if (offset >= attributes.size) return failure('ENXIO')
  return { type: 'offset', offset: whence === SEEK_DATA ? offset : attributes.size }
}

export async function getxattr(
  { volume }: Context,
  { nodeid, name, length }: Of<'getxattr'> & { nodeid: number },
  options: Options,
): Promise<Reply> {
  return sized(length, () => volume.getxattr(nodeid, name, options))
}

export async function listxattr(
  { volume }: Context,
  { nodeid, length }: Of<'listxattr'> & { nodeid: number },
  options: Options,
): Promise<Reply> {
  return sized(length, async () => {
    const all = await volume.listxattr(nodeid, options)
    const names = all.filter((name) => isServedXattr(name))
    return Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1')
  })
}

/** A value for one who has `length` bytes of room, or its size for one who has none. */
async function sized(length: number, value: () => Promise<Uint8Array>): Promise<Reply> {
  try {
    const bytes = await value()
    if (length === 0) return { type: 'size', size: bytes.length }
    if (bytes.length > length) return failure('ERANGE')
    return { type: 'content', slices: bytes.length === 0 ? [] : [bytes] }
  } catch (error) {
    // A volume without extended attributes says so once, and the kernel never asks again.
    if (codeOf(error) === 'ENOTSUP') return failure('ENOSYS')
    throw error
  }
}

export async function statfs({ volume }: Context, options: Options) {
  return { type: 'statfs', usage: await volume.statfs(options) } satisfies Reply
}
