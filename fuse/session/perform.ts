// Which operation a request is, and who answers it.
import type { Operation } from '../protocol/operations.ts'
import type { Reply } from '../protocol/reply.ts'
import type { ChangeOperation } from '../protocol/writing/operations.ts'
import { constantErrno } from './constant-answers.ts'
import { ERRNO } from '../protocol/errno.ts'
import type { Call } from './calls.ts'
import { type Context, failure, status } from './context.ts'
import { lookup, opendir, readdir } from './reading/directories.ts'
import {
  getattr,
  getxattr,
  listxattr,
  lseek,
  open,
  read,
  readlink,
  release,
  statfs,
} from './reading/files.ts'
import { performChange } from './writing/perform-change.ts'

/** What can be answered at once is not a promise. */
export function perform(context: Context, call: Call): Promise<Reply> | Reply {
  const { operation } = call
  const errno = constantErrno(call)
  if (errno !== undefined) return status(errno)
  const { nodeid } = call.header
  switch (operation.type) {
    case 'lookup':
      return lookup(context, { parent: nodeid, name: operation.name }, call)
    case 'opendir':
      return opendir(context, nodeid, call)
    case 'readdir':
      return readdir(context, { ...operation, nodeid }, call)
    case 'releasedir':
      return status(context.directories.release(operation.handle) ? 0 : ERRNO.EBADF)
    case 'statfs':
      return statfs(context, call)
    case 'destroy':
      return status(0)
    case 'too-large':
      return failure('EFBIG')
    case 'unsupported':
    case 'init':
    case 'forget':
    case 'interrupt':
    case 'notify-reply':
    case 'malformed':
      return failure('ENOSYS')
    default:
      return performOnInode(context, operation, call)
  }
}

type OnInode = ChangeOperation | Extract<Operation, { type: InodeType }>
type InodeType =
  | 'getattr'
  | 'readlink'
  | 'open'
  | 'read'
  | 'release'
  | 'lseek'
  | 'getxattr'
  | 'listxattr'

function performOnInode(context: Context, operation: OnInode, call: Call): Promise<Reply> | Reply {
  const { nodeid } = call.header
  switch (operation.type) {
    case 'getattr':
      return getattr(context, nodeid, call)
    case 'readlink':
      return readlink(context, nodeid, call)
    case 'open':
      return open(context, { ...operation, nodeid }, call)
    case 'read':
      return read(context, { ...operation, nodeid }, call)
    case 'release':
      return release(context, operation, call)
    case 'lseek':
      return lseek(context, { ...operation, nodeid }, call)
    case 'getxattr':
      return getxattr(context, { ...operation, nodeid }, call)
    case 'listxattr':
      return listxattr(context, { ...operation, nodeid }, call)
    default:
      return performChange(context, operation, call)
  }
}
