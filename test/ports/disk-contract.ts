// What every Disk promises. `restart` gives the disk as it is found by the next process.
import test, { type ExecutionContext } from 'ava'
import type { ErrorCode } from '../../src/base/errors.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { Disk, DiskFile } from '../../src/ports/disk.ts'

export type DiskUnderTest = { readonly disk: Disk; readonly restart: () => Disk }

export type MakeDisk = (t: ExecutionContext) => Promise<DiskUnderTest>

const SIZE = 64 * 4096

function bytesOf(length: number, salt: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + salt) & 0xff)
}

async function readAll(file: DiskFile, at: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length)
  await file.read(at, into)
  return into
}

async function fails(t: ExecutionContext, code: ErrorCode, work: Promise<unknown>): Promise<void> {
  const error = await t.throwsAsync(work, { instanceOf: PotluckError })
  t.is(error?.code, code)
}

export function testDisk(name: string, make: MakeDisk): void {
  test(`${name}: what is written is read, in parts and from anywhere`, async (t) => {
    const { disk } = await make(t)
    const file = await disk.open({ name: 'a', sizeBytes: SIZE })
    t.is(file.sizeBytes, SIZE)
    const bytes = bytesOf(5 * disk.sectorBytes, 1)
    await file.write(2 * disk.sectorBytes, bytes)
    t.deepEqual(await readAll(file, 2 * disk.sectorBytes, bytes.length), bytes)
    t.deepEqual(await readAll(file, 2 * disk.sectorBytes + 777, 5000), bytes.slice(777, 5777))
    t.deepEqual(await readAll(file, 0, 100), new Uint8Array(100), 'what was never written is zeros')
    await file.close()
  })

  test(`${name}: what readNow gives is what read gives`, async (t) => {
    const { disk } = await make(t)
    const file = await disk.open({ name: 'a', sizeBytes: SIZE })
    const bytes = bytesOf(disk.sectorBytes, 2)
    await file.write(0, bytes)
    let answered = 0
    for (let i = 0; i < 50; i++) {
      const into = new Uint8Array(1000)
      if (!file.readNow(500, into)) continue
      answered += 1
      t.deepEqual(into, bytes.slice(500, 1500))
    }
    t.true(answered > 0)
    await file.close()
  })

  test(`${name}: a hole reads as zeros, and what is around it stays`, async (t) => {
    const { disk } = await make(t)
    const file = await disk.open({ name: 'a', sizeBytes: SIZE })
    const bytes = bytesOf(4 * disk.sectorBytes, 3)
    await file.write(0, bytes)
    await file.punch(disk.sectorBytes, 2 * disk.sectorBytes)
    bytes.fill(0, disk.sectorBytes, 3 * disk.sectorBytes)
    t.deepEqual(await readAll(file, 0, bytes.length), bytes)
    await file.close()
  })

  test(`${name}: a sync at once is one, or says that it was none`, async (t) => {
    const { disk, restart } = await make(t)
    const file = await disk.open({ name: 'a', sizeBytes: SIZE })
    const bytes = bytesOf(disk.sectorBytes, 5)
    await file.sync()
    await file.write(0, bytes)
    if (!file.syncNow()) await file.sync()
    await file.close()
    t.throws(() => file.syncNow(), { instanceOf: PotluckError })
    const again = await restart().open({ name: 'a', sizeBytes: SIZE })
    t.deepEqual(await readAll(again, 0, bytes.length), bytes)
    await again.close()
  })

  testLives(name, make)
}

function testLives(name: string, make: MakeDisk): void {
  test(`${name}: what was synced is there for the next process`, async (t) => {
    const { disk, restart } = await make(t)
    const file = await disk.open({ name: 'a', sizeBytes: SIZE })
    const bytes = bytesOf(3 * disk.sectorBytes, 4)
    await file.write(disk.sectorBytes, bytes)
    await file.sync()
    await file.close()
    const again = await restart().open({ name: 'a', sizeBytes: SIZE })
    t.deepEqual(await readAll(again, disk.sectorBytes, bytes.length), bytes)
    await again.close()
  })

  test(`${name}: a file keeps its size and has one owner`, async (t) => {
    const { disk } = await make(t)
    const file = await disk.open({ name: 'a', sizeBytes: SIZE })
    await fails(t, 'EBUSY', disk.open({ name: 'a', sizeBytes: SIZE }))
    await file.close()
    await fails(t, 'EINVAL', disk.open({ name: 'a', sizeBytes: 2 * SIZE }))
    const again = await disk.open({ name: 'a', sizeBytes: SIZE })
    await again.close()
    await again.close()
    await fails(t, 'CLOSED', again.read(0, new Uint8Array(1)))
    await fails(t, 'CLOSED', again.sync())
  })
}
