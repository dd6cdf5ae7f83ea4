// Requests whose answer depends on nothing that is known here: not on the volume, not on what the
// kernel holds.
import { ERRNO } from '../protocol/errno.ts'
import { OPCODE } from '../protocol/opcodes.ts'
import type { Request } from '../protocol/request.ts'

/**
 * The errno of such an answer. The kernel remembers most of what we do without after one ENOSYS,
 * but asks again for every ioctl: a Python start makes one for each file that it opens.
 */
export function constantErrno(
  { header, operation }: Request,
  { hasAcls }: XattrKinds,
): number | undefined {
  if (header.opcode === OPCODE.IOCTL) return ERRNO.ENOSYS
  const isRefused = operation.type === 'getxattr' && !isServedXattr(operation.name, { hasAcls })
  return isRefused ? ERRNO.ENOTSUP : undefined
}

export type XattrKinds = {
  /** Access control lists are read, set and, by the kernel, enforced: on what can be written to. */
  readonly hasAcls: boolean
}

const ACCESS_CONTROL_LISTS = new Set(['system.posix_acl_access', 'system.posix_acl_default'])

/**
 * Which extended attributes a volume carries: those of `user.` and `trusted.`, as NFS does, and
 * access control lists where the kernel has agreed to enforce them. Those of `security.` (labels,
 * capabilities) are rules of the host that they are set on, and nothing enforces them here. `ls -l`
 * asks for two of them a file, which would each cost a call on the slow storage; ENOTSUP says that it
 * need not ask for another file.
 */
export function isServedXattr(name: string, { hasAcls }: XattrKinds): boolean {
  if (hasAcls && ACCESS_CONTROL_LISTS.has(name)) return true
  return !name.startsWith('system.') && !name.startsWith('security.')
}
