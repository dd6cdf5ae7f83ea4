// The operations on one inode: its attributes, contents, target and extended attributes.
import { isServedXattr } from '../device/constant-answers.ts'
import { FOPEN, OPEN_ACCESS_MODE, OPEN_TRUNCATE, SEEK_DATA, SEEK_HOLE } from '../protocol/flags.ts'
import type { Operation } from '../protocol/operations.ts'
import type { Reply } from '../protocol/reply.ts'
import { codeOf } from '../../src/base/errors.ts'
import type { Options } from '../../src/volume/volume.ts'
import { type Context, failure } from './context.ts'

type Of<T extends Operation['type']> = Extract<Operation, { type: T }>

export async function getattr({ volume }: Context, nodeid: number, options: Options) {
  const { attributes, validMs } = await volume.getattr(nodeid, options)
  return { type: 'attributes', attributes, validMs } satisfies Reply
}

export async function readlink({ volume }: Context, nodeid: number, options: Options) {
  return { type: 'text', text: await volume.readlink(nodeid, options) } satisfies Reply
}

export async function open(
  { volume, handles, lazyFiles }: Context,
  { nodeid, flags }: { nodeid: number; flags: number },
  options: Options,
): Promise<Reply> {
  if (lazyFiles !== undefined) return failure('ENOSYS')
  if ((flags & (OPEN_ACCESS_MODE | OPEN_TRUNCATE)) !== 0) return failure('EROFS')
  const { handle, keepCache, directIo } = await volume.open(nodeid, options)
  handles.addFile(handle)
  // Nothing is ever written here, so that nothing need be flushed at close.
  const cache = directIo === true ? FOPEN.DIRECT_IO : keepCache ? FOPEN.KEEP_CACHE : 0
  return { type: 'opened', handle, flags: cache | FOPEN.NOFLUSH }
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
  if (!handles.hasFile(handle)) return failure('EBADF')
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

/** All of a file is data, up to a hole that begins at its end. */
export async function lseek(
  { volume }: Context,
  { nodeid, offset, whence }: Of<'lseek'> & { nodeid: number },
  options: Options,
): Promise<Reply> {
  if (whence !== SEEK_DATA && whence !== SEEK_HOLE) return failure('EINVAL')
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
    const names = (await volume.listxattr(nodeid, options)).filter(isServedXattr)
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
