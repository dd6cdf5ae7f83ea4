import test from 'ava'
import { constantErrno } from '../../../fuse/session/constant-answers.ts'
import { ERRNO } from '../../../fuse/protocol/errno.ts'
import { Message } from '../../../fuse/protocol/message.ts'
import { OPCODE } from '../../../fuse/protocol/opcodes.ts'
import { decodeRequest } from '../../../fuse/protocol/request.ts'
import { body, make, request } from '../requests.ts'

test('What has the same answer always, and what has not', (t) => {
  const errnoOf = (bytes: Buffer) => {
    const decoded = decodeRequest(Message.of(bytes))
    return decoded && constantErrno(decoded)
  }
  t.is(errnoOf(request(OPCODE.IOCTL, body(1n, 0, 0x5401, 0n, 0, 0))), ERRNO.ENOSYS)
  t.is(errnoOf(make.getxattr('security.selinux', 255)), ERRNO.ENOTSUP)
  t.is(errnoOf(make.getxattr('system.nfs4_acl', 255)), ERRNO.ENOTSUP)
  t.is(errnoOf(make.getxattr('user.colour', 255)), undefined)
  t.is(errnoOf(make.getxattr('system.posix_acl_access', 255)), undefined, 'the kernel enforces it')
  t.is(errnoOf(make.lookup('file')), undefined)
})
