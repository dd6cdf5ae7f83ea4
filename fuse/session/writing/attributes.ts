// What is known of an inode: attributes and extended attributes.
import type { XattrMode } from '../../../src/ports/changes.ts'
import { isServedXattr } from '../constant-answers.ts'
import type { Operation } from '../../protocol/operations.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { Call } from '../calls.ts'
import { type Context, failure, status } from '../context.ts'
import type { Writing } from './writing.ts'

type Of<T extends Operation['type']> = Extract<Operation, { type: T }>
type Asked<T extends Operation['type']> = Of<T> & { readonly call: Call }

export async function setattr(
  { handles }: Context,
  writing: Writing,
  { handle, dropsPrivileges, call, ...request }: Asked<'setattr'>,
): Promise<Reply> {
  const { nodeid } = call.header
  if (handle !== undefined && !handles.has(handle)) return failure('EBADF')
  let { changes } = request
  if (dropsPrivileges && changes.mode === undefined) {
    const mode = await writing.privileges.modeWithout(nodeid, call)
    if (mode !== undefined) changes = { ...changes, mode }
  }
  const options = writing.change(call, handle === undefined ? {} : { handle })
  const changed = await writing.volume.setattr(nodeid, changes, options)
  if (changes.mode !== undefined) writing.privileges.forget(nodeid)
  return { type: 'attributes', ...changed }
}

/** XATTR_CREATE and XATTR_REPLACE. */
const xattrModes = new Map<number, XattrMode>([
  [0, 'set'],
  [1, 'create'],
  [2, 'replace'],
])

export async function setxattr(
  writing: Writing,
  { name, value, flags, dropsGroup, call }: Asked<'setxattr'>,
): Promise<Reply> {
  const mode = xattrModes.get(flags)
  if (mode === undefined) return failure('EINVAL')
  if (!isServedXattr(name)) return failure('ENOTSUP')
  const options = writing.change(call, {})
  const { nodeid } = call.header
  await writing.volume.setxattr(nodeid, { name, value, mode }, options)
  if (dropsGroup) await writing.privileges.dropGroup(nodeid, call)
  return status(0)
}

export async function removexattr(
  writing: Writing,
  { name, call }: Asked<'removexattr'>,
): Promise<Reply> {
  if (!isServedXattr(name)) return failure('ENOTSUP')
  await writing.volume.removexattr(call.header.nodeid, name, writing.change(call, {}))
  return status(0)
}
