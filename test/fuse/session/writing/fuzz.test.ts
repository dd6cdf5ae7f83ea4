import fc from 'fast-check'
import test from 'ava'
import { PosixVolume } from '../../../posix/posix-volume.ts'
import { harnessOf } from '../../fake-device.ts'
import { garbageFrom, survivesOn } from '../../garbage.ts'
import { make } from '../../requests.ts'

const valid: Buffer[] = [
  make.init(),
  make.create('file'),
  make.mkdir('folder', 0o755),
  make.mknod('pipe', 0o010644),
  make.symlink('link', 'file'),
  make.link(2, 'other'),
  make.lookup('file'),
  make.open(0o2002, { nodeid: 2 }),
  make.write([1, 5, 'content'], { nodeid: 2 }),
  make.read(1, 0, 4096),
  make.setattr(0x1ff, { 2: 1, 4: 3, 17: 0o4755, 19: 1, 20: 2 }, { nodeid: 2 }),
  make.setxattr('user.x', 'value', { nodeid: 2 }),
  make.getxattr('user.x', 100, { nodeid: 2 }),
  make.fallocate([1, 0, 9, 0], { nodeid: 2 }),
  make.copy(
    [
      [1, 0],
      [1, 20],
    ],
    { length: 4, nodeid: 2 },
  ),
  make.lseek(1, 3, { nodeid: 2 }),
  make.lock('SETLK', [0n, 9n, 1], { nodeid: 2 }),
  make.lock('SETLKW', [0n, 9n, 0], { nodeid: 2, owner: 12n, unique: 40 }),
  make.interrupt(40),
  make.lock('GETLK', [0n, 9n, 1], { nodeid: 2, owner: 13n }),
  make.fsync(1),
  make.flush({ handle: 1 }),
  make.opendir({ nodeid: 1 }),
  make.readdir(1, 0, { plus: true }),
  make.rename(['file', 3, 'inner']),
  make.unlink('other'),
  make.rmdir('folder'),
  make.releasedir(1),
  make.release(1),
  make.forget(1, { nodeid: 2 }),
  make.destroy(),
]

const survives = (messages: readonly Buffer[]): Promise<boolean> =>
  survivesOn(harnessOf(new PosixVolume(), { hasGivenUp: () => true }), {
    messages,
    openIn: ({ openHandles }) => openHandles,
  })

for (const [kind, message] of Object.entries(garbageFrom(valid))) {
  test(`Changes made of garbage never disturb the session: ${kind}`, async (t) => {
    const sequence = fc.array(message, { minLength: 10, maxLength: 30 })
    await t.notThrowsAsync(fc.assert(fc.asyncProperty(sequence, survives), { numRuns: 300 }))
  })
}

test('Every change of the corpus is answered, or needs no answer', async (t) => {
  t.true(await survives(valid))
})
