import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { AnswerHere } from '../../../fuse/device/answer-here.ts'
import { allocateRing, RingConsumer, RingProducer } from '../../../fuse/device/ring.ts'
import { ERRNO } from '../../../fuse/protocol/errno.ts'
import { OPCODE } from '../../../fuse/protocol/opcodes.ts'
import { body, make, request } from '../requests.ts'

/** A file in the place of the device keeps what was answered. */
function here(
  t: { teardown: (task: () => void) => void },
  title: string,
  { hasAcls = false } = {},
) {
  const path = join(tmpdir(), `potluck-answer-${process.pid}-${title}`)
  const fd = openSync(path, 'w')
  t.teardown(() => rmSync(path))
  const memory = allocateRing()
  const [producer, consumer] = [new RingProducer(memory), new RingConsumer(memory)]
  const answer = (message: Buffer) => {
    const at = producer.room() ?? -1
    message.copy(producer.bytes, at)
    return new AnswerHere(fd, producer, { hasAcls }).answer(at, message.length)
  }
  return { answer, consumer, fd, read: () => readFileSync(path) }
}

test('What has the same answer always is answered and counted, the rest left to main', (t) => {
  const { answer, consumer, fd, read } = here(t, 'same')
  t.true(answer(request(OPCODE.IOCTL, body(1n, 0, 0x5401, 0n, 0, 0), { unique: 8 })))
  t.true(answer(make.getxattr('security.selinux', 255, { unique: 10 })))
  t.false(answer(make.getxattr('user.colour', 255)))
  t.false(answer(make.lookup('file')))
  t.false(answer(make.forget(1)))
  closeSync(fd)
  const sent = read()
  t.is(sent.length, 32)
  t.deepEqual([sent.readUInt32LE(0), sent.readInt32LE(4)], [16, -ERRNO.ENOSYS])
  t.deepEqual([sent.readBigUInt64LE(8), sent.readBigUInt64LE(24)], [8n, 10n])
  t.is(sent.readInt32LE(20), -ERRNO.ENOTSUP)
  const counts = consumer.answered()
  t.deepEqual([counts[OPCODE.IOCTL], counts[OPCODE.GETXATTR], counts[OPCODE.LOOKUP]], [1, 1, 0])
})

test('Access control lists are for main where something may be written, else refused', (t) => {
  const list = make.getxattr('system.posix_acl_access', 255)
  const [reading, writing] = [here(t, 'reading'), here(t, 'writing', { hasAcls: true })]
  t.true(reading.answer(list))
  t.false(writing.answer(list))
  t.true(writing.answer(make.getxattr('system.nfs4_acl', 255)))
  closeSync(reading.fd)
  closeSync(writing.fd)
})

test('A message that makes no sense, or an answer that is refused, is left to main', (t) => {
  const { answer, fd, consumer } = here(t, 'refused')
  t.false(answer(request(OPCODE.GETXATTR, body(5))))
  closeSync(fd)
  t.false(answer(request(OPCODE.IOCTL, body(1n))))
  t.is(consumer.answered()[OPCODE.IOCTL], 0)
})
