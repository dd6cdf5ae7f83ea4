// Which change a request asks for, and who makes it.
import type { ChangeOperation } from '../../protocol/writing/operations.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { Call } from '../calls.ts'
import { type Context, failure } from '../context.ts'
import { removexattr, setattr, setxattr } from './attributes.ts'
import { copy, fallocate, flush, fsync, fsyncdir, write } from './contents.ts'
import { getlk, setlk } from './locks.ts'
import { link, mkdir, mknod, remove, rename, symlink } from './names.ts'
import { create, tmpfile } from './open.ts'
import type { Writing } from './writing.ts'

/** What the kernel does without, or for itself, once it was told ENOSYS: nothing here changes. */
const harmless: ReadonlySet<ChangeOperation['type']> = new Set([
  'flush',
  'fsync',
  'fsyncdir',
  'getlk',
  'setlk',
])

export function performChange(
  context: Context,
  operation: ChangeOperation,
  call: Call,
): Promise<Reply> | Reply {
  const { writing } = context
  if (writing !== undefined) return change(context, writing, { operation, call })
  return failure(harmless.has(operation.type) ? 'ENOSYS' : 'EROFS')
}

type Asked = { readonly operation: ChangeOperation; readonly call: Call }

function change(
  context: Context,
  writing: Writing,
  { operation, call }: Asked,
): Promise<Reply> | Reply {
  switch (operation.type) {
    case 'write':
      return write(context, writing, { request: operation, call })
    case 'copy':
      return copy(context, writing, { request: operation, call })
    case 'fallocate':
      return fallocate(context, writing, { ...operation, call })
    case 'flush':
      return flush(context, writing, { ...operation, call })
    case 'fsync':
      return fsync(context, writing, { ...operation, call })
    case 'fsyncdir':
      return fsyncdir(context, writing, { ...operation, call })
    case 'setattr':
      return setattr(context, writing, { ...operation, call })
    case 'setxattr':
      return setxattr(writing, { ...operation, call })
    case 'removexattr':
      return removexattr(writing, { ...operation, call })
    case 'getlk':
      return getlk(writing, { ...operation, call })
    case 'setlk':
      return setlk(context, writing, { ...operation, call })
    default:
      return changeName(context, writing, { operation, call })
  }
}

type Of<T extends ChangeOperation['type']> = Extract<ChangeOperation, { type: T }>
type NameOperation = Of<
  'create' | 'tmpfile' | 'mknod' | 'mkdir' | 'symlink' | 'link' | 'unlink' | 'rmdir' | 'rename'
>

function changeName(
  context: Context,
  writing: Writing,
  { operation, call }: { readonly operation: NameOperation; readonly call: Call },
): Promise<Reply> {
  switch (operation.type) {
    case 'create':
      return create(context, writing, { ...operation, call })
    case 'tmpfile':
      return tmpfile(context, writing, { ...operation, call })
    case 'mknod':
      return mknod(context, writing, { ...operation, call })
    case 'mkdir':
      return mkdir(context, writing, { ...operation, call })
    case 'symlink':
      return symlink(context, writing, { ...operation, call })
    case 'link':
      return link(context, writing, { ...operation, call })
    case 'unlink':
    case 'rmdir':
      return remove(context, writing, { ...operation, call })
    case 'rename':
      return rename(context, writing, { ...operation, call })
  }
}
