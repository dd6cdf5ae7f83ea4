import fc from 'fast-check'
import test from 'ava'
import { wantsReply } from '../../../fuse/protocol/opcodes.ts'
import { harness, type Received, settled } from '../fake-device.ts'
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

/** A valid message with some of its bits turned over. */
const flipped = fc
  .tuple(fc.constantFrom(...valid), fc.array(fc.nat(), { minLength: 1, maxLength: 8 }))
  .map(([message, places]) => {
    const bytes = Buffer.from(message)
    for (const place of places) {
      const bit = place % (bytes.length * 8)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    }
    return bytes
  })

/** A message cut off somewhere, whose header may say so. */
const truncated = fc
  .tuple(fc.constantFrom(...valid), fc.nat(), fc.boolean())
  .map(([message, at, isHonest]) => {
    const bytes = Buffer.from(message.subarray(0, at % (message.length + 1)))
    if (isHonest && bytes.length >= 4) bytes.writeUInt32LE(bytes.length, 0)
    return bytes
  })

/** Any header and any body, of the length it says. */
const headed = fc
  .tuple(fc.nat(64), fc.uint8Array({ minLength: 32, maxLength: 300 }))
  .map(([opcode, rest]) => {
    const bytes = Buffer.concat([Buffer.alloc(8), rest])
    bytes.writeUInt32LE(bytes.length, 0)
    bytes.writeUInt32LE(opcode, 4)
    return bytes
  })

const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))

function isWellFormed({ length, errno, body }: Received): boolean {
  return length === 16 + body.length && errno < 200 && (errno === 0 || body.length === 0)
}

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

const kinds = { anything, headed, truncated, flipped }

for (const [kind, message] of Object.entries(kinds)) {
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
