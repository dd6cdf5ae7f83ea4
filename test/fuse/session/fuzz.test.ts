import fc from 'fast-check'
import test from 'ava'
import { harness } from '../fake-device.ts'
import { garbageFrom, survivesOn } from '../garbage.ts'
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

const survives = (messages: readonly Buffer[]): Promise<boolean> =>
  survivesOn(harness(tree, { hasGivenUp: () => true }), {
    messages,
    openIn: ({ openFiles, openDirectories }) => openFiles.size + openDirectories.size,
  })

for (const [kind, message] of Object.entries(garbageFrom(valid))) {
  test(`Requests made of garbage never disturb the session: ${kind}`, async (t) => {
    const sequence = fc.array(message, { minLength: 10, maxLength: 30 })
    // About 10,000 messages of each kind.
    await t.notThrowsAsync(fc.assert(fc.asyncProperty(sequence, survives), { numRuns: 500 }))
  })
}

test('Every valid request of the corpus is answered, or needs no answer', async (t) => {
  t.true(await survives(valid))
})
