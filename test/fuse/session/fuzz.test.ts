import fc from 'fast-check'
import test from 'ava'
import { wantsReply } from '../../../fuse/protocol/opcodes.ts'
import { harness, settled } from '../fake-device.ts'
import { garbageFrom, isWellFormed } from '../garbage.ts'
import { make } from '../requests.ts'

const tree = {
  file: { file: 'content '.repeat(1000) },
  link: { link: 'file' },
  folder: { directory: { inner: { file: 'x' } } },
}

const valid: Buffer[] = [
  make.init(),
  make.lookup('file'),
  make.lookup('folder'),
  make.forget(1, { nodeid: 2 }),
  make.batchForget([
    [2, 1],
    [3, 1],
  ]),
  make.getattr({ nodeid: 2 }),
  make.readlink({ nodeid: 3 }),
  make.open(0, { nodeid: 2 }),
  make.read(1, 0, 4096),
  make.release(1),
  make.opendir({ nodeid: 1 }),
  make.readdir(2, 0),
  make.readdir(2, 0, { plus: true }),
  make.releasedir(2),
  make.statfs(),
  make.getxattr('user.x', 100),
  make.listxattr(100),
  make.lseek(1, 3, { nodeid: 2 }),
  make.interrupt(2),
  make.destroy(),
]

/** A sequence on one session, so that what one message leaves behind meets the next. */
async function survives(messages: readonly Buffer[]): Promise<boolean> {
  const { device, session, send, volume } = harness(tree, { hasGivenUp: () => true })
  for (const message of messages) await send(message)
  await settled()
  const asked = messages.filter(
    (message) => message.length >= 40 && wantsReply(message.readUInt32LE(4)),
  )
  const isServing = (await send(make.getattr({ unique: 2 ** 40 })))?.errno === 0
  session.close()
  const isEmpty = [...volume.references.values()].every((count) => count === 0)
  const isClosed = volume.openFiles.size === 0 && volume.openDirectories.size === 0
  const isBounded = device.received.length <= asked.length + 1
  return isServing && isBounded && isEmpty && isClosed && device.received.every(isWellFormed)
}

for (const [kind, message] of Object.entries(garbageFrom(valid))) {
  test(`Requests made of garbage never disturb the session: ${kind}`, async (t) => {
    const sequence = fc.array(message, { minLength: 10, maxLength: 30 })
    // About 10,000 messages of each kind.
    await fc.assert(fc.asyncProperty(sequence, survives), { numRuns: 500 })
    t.pass()
  })
}

test('Every valid request of the corpus is answered, or needs no answer', async (t) => {
  t.true(await survives(valid))
})
