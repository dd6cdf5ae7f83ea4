import test from 'ava'
import { constantErrno } from '../../../fuse/session/constant-answers.ts'
import { ERRNO } from '../../../fuse/protocol/errno.ts'
import { Message } from '../../../fuse/protocol/message.ts'
import { OPCODE } from '../../../fuse/protocol/opcodes.ts'
import { decodeRequest } from '../../../fuse/protocol/request.ts'
import { body, make, request } from '../requests.ts'

test('What has the same answer always, and what has not', (t) => {
  const errnoOf = (bytes: Buffer, hasAcls: boolean) => {
    const decoded = decodeRequest(Message.of(bytes))
    return decoded && constantErrno(decoded, { hasAcls })
  }
  const acl = make.getxattr('system.posix_acl_access', 255)
  for (const hasAcls of [true, false]) {
    const isatty = request(OPCODE.IOCTL, body(1n, 0, 0x5401, 0n, 0, 0))
    t.is(errnoOf(isatty, hasAcls), ERRNO.ENOSYS)
    t.is(errnoOf(make.getxattr('security.selinux', 255), hasAcls), ERRNO.ENOTSUP)
    t.is(errnoOf(make.getxattr('system.nfs4_acl', 255), hasAcls), ERRNO.ENOTSUP)
    t.is(errnoOf(make.getxattr('user.colour', 255), hasAcls), undefined)
    t.is(errnoOf(make.lookup('file'), hasAcls), undefined)
  }
  t.is(errnoOf(acl, false), ERRNO.ENOTSUP)
  t.is(errnoOf(acl, true), undefined, 'the kernel enforces what can be changed here')
})
