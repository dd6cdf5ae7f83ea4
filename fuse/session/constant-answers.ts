// Requests whose answer depends on nothing that is known here: not on the volume, not on what the
// kernel holds.
import { ERRNO } from '../protocol/errno.ts'
import { OPCODE } from '../protocol/opcodes.ts'
import type { Request } from '../protocol/request.ts'

/**
 * The errno of such an answer. The kernel remembers most of what we do without after one ENOSYS,
 * but asks again for every ioctl: a Python start makes one for each file that it opens.
 */
export function constantErrno({ header, operation }: Request): number | undefined {
  if (header.opcode === OPCODE.IOCTL) return ERRNO.ENOSYS
  const isRefused = operation.type === 'getxattr' && !isServedXattr(operation.name)
  return isRefused ? ERRNO.ENOTSUP : undefined
}

const ACCESS_CONTROL_LISTS = new Set(['system.posix_acl_access', 'system.posix_acl_default'])

/**
 * Which extended attributes a volume carries: those of `user.` and `trusted.`, as NFS does, and
 * access control lists, which the kernel enforces. Those of `security.` (labels, capabilities) are
 * rules of the host that they are set on, and nothing enforces them here: ENOTSUP says that nobody
 * need ask for them, which would cost a call on the slow storage for each file.
 */
export function isServedXattr(name: string): boolean {
  if (ACCESS_CONTROL_LISTS.has(name)) return true
  return !name.startsWith('system.') && !name.startsWith('security.')
}
