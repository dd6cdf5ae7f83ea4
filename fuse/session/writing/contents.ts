// What is in a file: written, made safe, allocated, copied.
import { constants } from 'node:fs'
import type { Allocation } from '../../../src/ports/changes.ts'
import { OPEN_APPEND } from '../../protocol/flags.ts'
import type { Operation } from '../../protocol/operations.ts'
import type { CopyOperation, WriteOperation } from '../../protocol/writing/operations.ts'
import type { Reply } from '../../protocol/reply.ts'
import { asked, type Call } from '../calls.ts'
import { type Context, failure, status } from '../context.ts'
import type { Writing } from './writing.ts'

type Of<T extends Operation['type']> = Extract<Operation, { type: T }>
type Asked<T extends Operation['type']> = Of<T> & { readonly call: Call }

export async function write(
  { handles, tellKernel }: Context,
  writing: Writing,
  { request, call }: { readonly request: WriteOperation; readonly call: Call },
): Promise<Reply> {
  const { handle, from, bytes, flags, isFromCache, dropsPrivileges } = request
  const { nodeid } = call.header
  if (!handles.has(handle)) return failure('EBADF')
  if (dropsPrivileges) await writing.privileges.drop(nodeid, call)
  writing.unflushed.onWrite(handle, nodeid, request)
  const isAppend = (flags & OPEN_APPEND) !== 0 && !isFromCache
  const what = { from: isAppend ? 'end' : from, bytes } as const
  const written = await writing.volume.write(handle, what, writing.change(call, {}))
  // The kernel has put the bytes where it thought that the end was.
  if (written.from !== from) tellKernel({ type: 'inode', nodeid, data: true })
  // Of what has no pages the kernel asks for no FSYNC. These are not the same bits on every architecture;
  // O_SYNC is both of its own and O_DSYNC's.
  if (handles.isDirect(handle) && (flags & constants.O_DSYNC) !== 0) {
    const dataOnly = (flags & constants.O_SYNC) !== constants.O_SYNC
    await writing.volume.sync(handle, asked(call, { dataOnly }))
  }
  return { type: 'written', length: written.length }
}

export function flush(
  { handles }: Context,
  { volume, unflushed, lockOwners }: Writing,
  { handle, owner, call }: Asked<'flush'>,
): Promise<Reply> | Reply {
  if (!handles.has(handle)) return failure('EBADF')
  if (!unflushed.has(handle, call.header.nodeid)) return status(0)
  return volume.flush(handle, asked(call, { owner })).then(() => {
    lockOwners.onFlush(handle, owner)
    return status(0)
  })
}

export async function fsync(
  { handles }: Context,
  { volume }: Writing,
  { handle, dataOnly, call }: Asked<'fsync'>,
): Promise<Reply> {
  if (!handles.has(handle)) return failure('EBADF')
  await volume.sync(handle, asked(call, { dataOnly }))
  return status(0)
}

export async function fsyncdir(
  { directories }: Context,
  { volume }: Writing,
  { handle, call }: Asked<'fsyncdir'>,
): Promise<Reply> {
  const opened = directories.volumeHandle(handle)
  if (opened === undefined) return failure('EBADF')
  await volume.syncDirectory(opened, call)
  return status(0)
}

/** FALLOC_FL_KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE, as they may go together. */
const allocations = new Map<number, Allocation>([
  [0, 'extend'],
  [1, 'keep-size'],
  [3, 'punch-hole'],
  [16, 'zero'],
  [17, 'zero-keep-size'],
])

export async function fallocate(
  { handles }: Context,
  writing: Writing,
  { handle, from, length, mode, call }: Asked<'fallocate'>,
): Promise<Reply> {
  const how = allocations.get(mode)
  if (how === undefined) return failure('ENOTSUP')
  if (!handles.has(handle)) return failure('EBADF')
  await writing.volume.allocate(handle, { from, length, how }, writing.change(call, {}))
  return status(0)
}

/** So much at once: a copy of terabytes would hold its caller for as long as it takes. */
const MAX_COPY_BYTES = 128 * 1024 * 1024

export async function copy(
  { handles }: Context,
  writing: Writing,
  { request, call }: { readonly request: CopyOperation; readonly call: Call },
): Promise<Reply> {
  const { handle, offset, toHandle, toOffset, flags, isLong } = request
  if (flags !== 0) return failure('EINVAL')
  if (!handles.has(handle) || !handles.has(toHandle)) return failure('EBADF')
  writing.unflushed.onWrite(toHandle, request.toNodeid, { isFromCache: false })
  const length = Math.min(request.length, MAX_COPY_BYTES)
  const copied = await writing.volume.copyRange(
    { handle, offset },
    { handle: toHandle, offset: toOffset },
    writing.change(call, { length }),
  )
  return isLong ? { type: 'offset', offset: copied } : { type: 'written', length: copied }
}
