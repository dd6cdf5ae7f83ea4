// Requests whose answer depends on nothing that is known here: not on the volume, not on what the
// kernel holds. The thread that reads them answers them itself; main never hears of them.
import { ERRNO } from '../protocol/errno.ts'
import { OPCODE } from '../protocol/opcodes.ts'
import type { Request } from '../protocol/request.ts'

/** Whether a request of this kind may have such an answer; saves decoding the others twice. */
export function mayBeConstant(opcode: number): boolean {
  return opcode === OPCODE.IOCTL || opcode === OPCODE.GETXATTR
}

/**
 * The errno of such an answer. The kernel remembers most of what we do without after one ENOSYS,
 * but asks again for every ioctl: a Python start makes one for each file that it opens.
 */
export function constantErrno({ header, operation }: Request): number | undefined {
  if (header.opcode === OPCODE.IOCTL) return ERRNO.ENOSYS
  if (operation.type === 'getxattr' && !isServedXattr(operation.name)) return ERRNO.ENOTSUP
  return undefined
}

/**
 * Which extended attributes a volume carries: those of `user.` and `trusted.`, as NFS does. Those
 * of `system.` (access control lists) and `security.` (labels, capabilities) are rules of the host
 * that they are set on, and nothing enforces them here. `ls -l` asks for two of them a file, which
 * would each cost a call on the slow storage; ENOTSUP says that it need not ask for another file.
 */
export function isServedXattr(name: string): boolean {
  return !name.startsWith('system.') && !name.startsWith('security.')
}
