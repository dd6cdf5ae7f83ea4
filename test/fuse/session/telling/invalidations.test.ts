import test from 'ava'
import { Invalidations } from '../../../../fuse/session/telling/invalidations.ts'
import { References } from '../../../../fuse/session/references.ts'
import { PosixVolume } from '../../../posix/posix-volume.ts'
import { harness, harnessOf, settled } from '../../fake-device.ts'
import { make } from '../../requests.ts'

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
  for (const queue of [invalidations.names, invalidations.inodes]) {
    for (let batch = queue.next(); batch !== undefined; batch = queue.next()) {
      words.push(...read(batch.bytes))
      batch.done()
    }
  }
  return words
}

function known(count: number): References {
  const references = new References()
  for (let index = 0; index < count; index++) references.take(index + 2, 1, `name-${index}`)
  return references
}

test('Each invalidation becomes its notify: names go one way, inodes another, in order', (t) => {
  const invalidations = new Invalidations(known(0))
  invalidations.push({ type: 'inode', nodeid: 5, data: false })
  invalidations.push({ type: 'entry', parent: 1, name: 'caf\xe9' })
  invalidations.push({ type: 'inode', nodeid: 6, data: true })
  t.deepEqual(all(invalidations), ['entry 1 caf\xe9', 'inode 5', 'inode 6 data'])
  t.is(invalidations.names.next() ?? invalidations.inodes.next(), undefined)
})

test('"Everything" is one epoch, and the pages of all that the kernel knows', (t) => {
  const invalidations = new Invalidations(known(3))
  invalidations.start({ hasEpoch: true })
  invalidations.push({ type: 'inode', nodeid: 5, data: false })
  invalidations.push({ type: 'everything' })
  invalidations.push({ type: 'entry', parent: 1, name: 'later' })
  t.deepEqual(all(invalidations), [
    'epoch',
    'entry 1 later',
    'inode 1 data',
    'inode 2 data',
    'inode 3 data',
    'inode 4 data',
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
  t.is(read(invalidations.inodes.next()?.bytes).length, 1024)
  invalidations.push({ type: 'everything' })
  t.is(all(invalidations).length, 1 + 5001 - 1024 + 5001)
})

test('Too many invalidations become "everything", and nothing is lost', (t) => {
  const invalidations = new Invalidations(known(1))
  invalidations.start({ hasEpoch: true })
  for (let index = 0; index < 70_000; index++) {
    invalidations.push({ type: 'inode', nodeid: index, data: true })
  }
  t.is(invalidations.overflows, 1)
  t.true(invalidations.waiting < 65_537)
  t.deepEqual(all(invalidations).slice(0, 2), ['inode 1 data', 'inode 2 data'])
})

test('Who waits until the kernel has forgotten waits for what it was told before, and no more', async (t) => {
  const invalidations = new Invalidations(known(5000))
  const isSettled = async (waiting: Promise<void>): Promise<boolean> => {
    let isSo = false
    void waiting.then(() => (isSo = true))
    await settled()
    return isSo
  }
  const { inodes } = invalidations
  t.true(await isSettled(invalidations.allTaken()), 'it was told nothing')
  invalidations.push({ type: 'inode', nodeid: 5, data: true })
  const waiting = invalidations.allTaken()
  const first = inodes.next()
  invalidations.push({ type: 'inode', nodeid: 6, data: true })
  t.false(await isSettled(waiting), 'it is being told')
  first?.done()
  t.true(await isSettled(waiting))
  const second = invalidations.allTaken()
  invalidations.push({ type: 'everything' })
  const sweeping = inodes.next()
  t.false(await isSettled(second), 'what it waited for is a part of everything now')
  sweeping?.done()
  t.false(await isSettled(second), 'and that is not all yet')
  all(invalidations)
  t.true(await isSettled(second))
})

test('Nobody waits for a kernel that is told nothing any more', async (t) => {
  const invalidations = new Invalidations(known(0))
  invalidations.push({ type: 'inode', nodeid: 5, data: true })
  const before = invalidations.allTaken()
  invalidations.giveUp()
  await before
  invalidations.push({ type: 'inode', nodeid: 6, data: true })
  await invalidations.allTaken()
  t.is(invalidations.waiting, 2)
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

test('Attributes wait until the kernel has dropped the pages that they do not fit', async (t) => {
  const { send, volume, device, session } = harnessOf(new PosixVolume())
  const created = await send(make.create('file', { unique: 2 }))
  const nodeid = Number(created?.body.readBigUInt64LE(0))
  const { inodes } = session.invalidations
  volume.tell({ type: 'inode', nodeid, data: true })
  const first = inodes.next()
  volume.tell({ type: 'inode', nodeid, data: true })
  t.is(await send(make.getattr({ nodeid, unique: 10 })), undefined, 'held')
  t.is(await send(make.lookup('file', { unique: 12 })), undefined, 'held, too')
  t.is((await send(make.getattr({ nodeid: 1, unique: 14 })))?.unique, 14, 'of another inode')
  first?.done()
  await settled()
  t.is(device.received.length, 2, 'another notify of it is on its way')
  inodes.next()?.done()
  await settled()
  t.deepEqual(
    device.received.slice(2).map(({ unique, errno }) => [unique, errno]),
    [
      [10, 0],
      [12, 0],
    ],
  )
  volume.tell({ type: 'inode', nodeid, data: false })
  t.is((await send(make.getattr({ nodeid, unique: 16 })))?.unique, 16, 'its pages fit')
})

test('Who waits for everything to be dropped is answered when it is, or when nothing will be', async (t) => {
  const { send, volume, device, session } = harnessOf(new PosixVolume())
  const { inodes, pending } = session.invalidations
  volume.tell({ type: 'everything' })
  t.is(await send(make.getattr({ unique: 10 })), undefined)
  const batch = inodes.next()
  volume.tell({ type: 'everything' })
  batch?.done()
  t.is(device.received.length, 0, 'a second one came meanwhile')
  inodes.next()?.done()
  await settled()
  t.is(device.received.at(-1)?.unique, 10)
  volume.tell({ type: 'everything' })
  t.is(await send(make.getattr({ unique: 12 })), undefined)
  pending.giveUp()
  t.is(device.received.at(-1)?.unique, 12)
})
