import test from 'ava'
import { Invalidations } from '../../../fuse/session/invalidations.ts'
import { References } from '../../../fuse/session/references.ts'
import { harness } from '../fake-device.ts'
import { make } from '../requests.ts'

/** What a batch says, in a word each. */
function read(batch: Uint8Array | undefined): string[] {
  const bytes = Buffer.from(batch ?? [])
  const words: string[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) {
    const code = bytes.readInt32LE(at + 4)
    const first = code === 8 ? '' : bytes.readBigUInt64LE(at + 16)
    if (code === 8) words.push('epoch')
    else if (code === 2)
      words.push(`inode ${first}${bytes.readBigInt64LE(at + 24) < 0 ? '' : ' data'}`)
    else
      words.push(
        `entry ${first} ${bytes.toString('latin1', at + 32, at + 32 + bytes.readUInt32LE(at + 24))}`,
      )
  }
  return words
}

function all(invalidations: Invalidations): string[] {
  const words: string[] = []
  for (let batch = invalidations.next(); batch !== undefined; batch = invalidations.next()) {
    words.push(...read(batch))
  }
  return words
}

function known(count: number): References {
  const references = new References()
  for (let index = 0; index < count; index++) references.take(index + 2, 1, `name-${index}`)
  return references
}

test('Each invalidation becomes its notify, in order', (t) => {
  const invalidations = new Invalidations(known(0))
  invalidations.push({ type: 'inode', nodeid: 5, data: false })
  invalidations.push({ type: 'entry', parent: 1, name: 'caf\xe9' })
  invalidations.push({ type: 'inode', nodeid: 6, data: true })
  t.deepEqual(all(invalidations), ['inode 5', 'entry 1 caf\xe9', 'inode 6 data'])
  t.is(invalidations.next(), undefined)
})

test('"Everything" is one epoch, and the pages of all that the kernel knows', (t) => {
  const invalidations = new Invalidations(known(3))
  invalidations.start({ hasEpoch: true })
  invalidations.push({ type: 'inode', nodeid: 5, data: false })
  invalidations.push({ type: 'everything' })
  invalidations.push({ type: 'entry', parent: 1, name: 'later' })
  t.deepEqual(all(invalidations), [
    'epoch',
    'inode 1 data',
    'inode 2 data',
    'inode 3 data',
    'inode 4 data',
    'entry 1 later',
  ])
})

test('A kernel without epochs is told each name, absent ones of the root too', (t) => {
  const references = known(2)
  references.absent(1, 'absent')
  references.absent(2, 'below a directory, which goes with it')
  const invalidations = new Invalidations(references)
  invalidations.push({ type: 'everything' })
  t.deepEqual(all(invalidations), [
    'entry 1 absent',
    'entry 1 name-0',
    'entry 1 name-1',
    'inode 1 data',
    'inode 2 data',
    'inode 3 data',
  ])
})

test('A large "everything" goes out in batches of a thousand', (t) => {
  const invalidations = new Invalidations(known(5000))
  invalidations.start({ hasEpoch: true })
  invalidations.push({ type: 'everything' })
  t.is(read(invalidations.next()).length, 1024)
  invalidations.push({ type: 'everything' })
  t.is(all(invalidations).length, 5002 - 1024 + 5002)
})

test('Too many invalidations become "everything", and nothing is lost', (t) => {
  const invalidations = new Invalidations(known(1))
  invalidations.start({ hasEpoch: true })
  for (let index = 0; index < 70_000; index++) {
    invalidations.push({ type: 'inode', nodeid: index, data: true })
  }
  t.is(invalidations.overflows, 1)
  t.true(invalidations.waiting < 65_537)
  t.is(all(invalidations)[0], 'epoch')
})

test('An answer that was begun before an invalidation is not to be believed', async (t) => {
  const { send, volume, device } = harness({ file: { file: 'x' } })
  const gate = Promise.withResolvers<void>()
  volume.before = () => gate.promise
  await send(make.lookup('file', { unique: 10 }))
  volume.invalidate({ type: 'entry', parent: 1, name: 'other' })
  gate.resolve()
  const later = await send(make.lookup('file', { unique: 12 }))
  const [crossed] = device.received
  t.is(crossed?.body.readBigUInt64LE(16), 0n)
  t.is(later?.unique, 10, 'the first to arrive')
  t.is(device.received[1]?.body.readBigUInt64LE(16), 3600n)
})
