import test from 'ava'
import { NO_DISK_FAULTS, SECTOR_BYTES, SimDisk } from '../../../sim/disk/sim-disk.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import type { Disk, DiskFile } from '../../../src/ports/disk.ts'
import { codeOf } from '../../../src/base/errors.ts'
import { testDisk } from '../../ports/disk-contract.ts'

/** Drives the clock whenever a call is waited for. */
function driven(disk: Disk, clock: VirtualClock): Disk {
  const wait = <T>(work: Promise<T>): Promise<T> => clock.runUntil(work)
  const drivenFile = (file: DiskFile): DiskFile => ({
    sizeBytes: file.sizeBytes,
    readNow: (at, into) => file.readNow(at, into),
    read: (at, into) => wait(file.read(at, into)),
    write: (at, bytes) => wait(file.write(at, bytes)),
    sync: () => wait(file.sync()),
    syncNow: () => file.syncNow(),
    punch: (at, length) => wait(file.punch(at, length)),
    close: () => file.close(),
  })
  return {
    sectorBytes: disk.sectorBytes,
    open: async (init) => drivenFile(await disk.open(init)),
  }
}

testDisk('a simulated disk', async () => {
  const clock = new VirtualClock()
  const disk = new SimDisk({ clock, random: new SeededRandom(1) })
  return { disk: driven(disk, clock), restart: () => driven(disk.crash(), clock) }
})

testDisk('a simulated disk that syncs at once', async () => {
  const clock = new VirtualClock()
  const disk = new SimDisk({ clock, random: new SeededRandom(1) })
  disk.faults = { ...NO_DISK_FAULTS, syncsNow: 1 }
  return { disk: driven(disk, clock), restart: () => driven(disk.crash(), clock) }
})

const filled = (byte: number): Uint8Array => new Uint8Array(SECTOR_BYTES).fill(byte)

test('a crash keeps what was synced, and keeps, loses and tears the rest', async (t) => {
  const found = { old: 0, new: 0, torn: 0 }
  for (let seed = 0; seed < 60; seed++) {
    const clock = new VirtualClock()
    const disk = new SimDisk({ clock, random: new SeededRandom(seed) })
    const file = await disk.open({ name: 'a', sizeBytes: 8 * SECTOR_BYTES })
    await clock.runUntil(file.write(0, filled(1)))
    await clock.runUntil(file.sync())
    await clock.runUntil(file.write(SECTOR_BYTES, filled(2)))
    const left = await disk.crash().open({ name: 'a', sizeBytes: 8 * SECTOR_BYTES })
    const into = new Uint8Array(2 * SECTOR_BYTES)
    await clock.runUntil(left.read(0, into))
    t.deepEqual(into.slice(0, SECTOR_BYTES), filled(1))
    const second = into.slice(SECTOR_BYTES)
    if (second.every((byte) => byte === 0)) found.old += 1
    else if (second.every((byte) => byte === 2)) found.new += 1
    else found.torn += 1
  }
  t.true(found.old > 5 && found.new > 5 && found.torn > 5, JSON.stringify(found))
})

test('a killed process loses nothing that was written', async (t) => {
  const clock = new VirtualClock()
  const disk = new SimDisk({ clock, random: new SeededRandom(1) })
  const file = await disk.open({ name: 'a', sizeBytes: SECTOR_BYTES })
  await clock.runUntil(file.write(0, filled(7)))
  const left = await disk.kill().open({ name: 'a', sizeBytes: SECTOR_BYTES })
  const into = new Uint8Array(SECTOR_BYTES)
  await clock.runUntil(left.read(0, into))
  t.deepEqual(into, filled(7))
})

test('it is full, fails and rots when told to', async (t) => {
  const clock = new VirtualClock()
  const disk = new SimDisk({ clock, random: new SeededRandom(1) })
  const file = await disk.open({ name: 'a', sizeBytes: 8 * SECTOR_BYTES })
  await clock.runUntil(file.write(0, filled(0)))
  await clock.runUntil(file.sync())
  const outcome = (work: Promise<unknown>): Promise<string> =>
    clock.runUntil(
      work.then(
        () => 'done',
        (error: unknown) => codeOf(error),
      ),
    )
  disk.faults = { ...NO_DISK_FAULTS, capacityBytes: SECTOR_BYTES }
  t.is(await outcome(file.write(SECTOR_BYTES, filled(1))), 'ENOSPC')
  disk.faults = { ...NO_DISK_FAULTS, readFails: 1, writeFails: 1, syncFails: 1 }
  t.is(await outcome(file.read(0, new Uint8Array(1))), 'EIO')
  t.is(await outcome(file.write(0, filled(1))), 'EIO')
  t.is(await outcome(file.sync()), 'EIO')
  disk.faults = { ...NO_DISK_FAULTS, isCold: 0 }
  const place = disk.rot()
  const into = new Uint8Array(SECTOR_BYTES)
  t.true(file.readNow(0, into))
  t.is(into.filter((byte) => byte !== 0).length, 1)
  t.not(into[place?.at ?? 0], 0)
})
