import test from 'ava'
import { NO_DISK_FAULTS } from '../../../sim/disk/sim-disk.ts'
import { codeOf } from '../../../src/base/errors.ts'
import type { Log } from '../../../src/log/log.ts'
import { SimulatedLog, ZONE_BYTES } from './simulated-log.ts'

const keyOf = (log: Log, name: string) => log.key(1, Buffer.from(name))
const put = (log: Log, name: string, text: string) => ({
  key: keyOf(log, name),
  value: { payload: Buffer.from(text) },
})

async function textOf(it: SimulatedLog, log: Log, name: string): Promise<string | undefined> {
  return (await it.run(log.read(keyOf(log, name))))?.payload.toString()
}

test('a commit is seen at once, and after a clean end and after a crash', async (t) => {
  const it = new SimulatedLog()
  let log = await it.open()
  await it.run(log.commit([put(log, 'a', 'one'), put(log, 'b', 'two')], 'sync'))
  t.is(await textOf(it, log, 'a'), 'one')
  await it.run(log.close())
  t.is(codeOf(await t.throwsAsync(log.read(keyOf(log, 'a')))), 'CLOSED')
  log = await it.open()
  t.is(log.report.records, 2)
  t.is(log.report.zonesScanned, 0, 'a clean end leaves summaries')
  await it.run(log.commit([put(log, 'a', 'three'), { key: keyOf(log, 'b') }], 'sync'))
  it.disk = it.disk.crash()
  log = await it.open()
  t.is(log.report.zonesScanned, 1)
  t.is(await textOf(it, log, 'a'), 'three')
  t.is(await textOf(it, log, 'b'), undefined)
})

test('a commit with a version that is not there changes nothing', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  const first = await it.run(log.commit([{ ...put(log, 'a', 'one'), expected: 0 }], 'memory'))
  t.true(first.isDone)
  const second = await it.run(
    log.commit(
      [put(log, 'b', 'x'), { ...put(log, 'a', 'two'), expected: first.version + 1 }],
      'memory',
    ),
  )
  t.deepEqual(second, { isDone: false, change: 1, version: first.version, why: 'version' })
  t.is(await textOf(it, log, 'b'), undefined)
  t.true(
    (await it.run(log.commit([{ ...put(log, 'a', 'two'), expected: first.version }], 'memory')))
      .isDone,
  )
})

test('a log that is full refuses writes, and goes on with the rest', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  const text = 'x'.repeat(10_000)
  let refusal: unknown
  let written = 0
  while (refusal === undefined) {
    const change = put(log, `key ${written}`, text)
    await it.run(log.commit([change], 'memory')).then(
      () => (written += 1),
      (error: unknown) => (refusal = error),
    )
  }
  t.is(codeOf(refusal), 'ENOSPC')
  t.true(written > 40)
  t.is(await textOf(it, log, 'key 0'), text)
  for (let i = 0; i < 10; i++) {
    await it.run(log.commit([{ key: keyOf(log, `key ${i}`) }], 'memory'))
  }
  for (let i = 0; i < 5; i++) await it.run(log.commit([put(log, `new ${i}`, text)], 'memory'))
  t.is(await textOf(it, log, 'new 4'), text)
})

test('overwriting goes on for ever, and its space comes back', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  for (let i = 0; i < 2_000; i++) {
    await it.run(log.commit([put(log, `key ${i % 7}`, `${i} ${'x'.repeat(3_000)}`)], 'memory'))
  }
  const { records, zonesCollected, liveBytes } = log.counters()
  t.is(records, 7)
  t.true(zonesCollected > 50)
  t.true(liveBytes < 30_000)
  t.true(it.disk.allocatedBytes <= 17 * 65_536)
})

test('what comes and goes beside what stays takes no room for ever', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  const { capacityBytes } = log.counters()
  const keys = Math.floor((capacityBytes * 0.75) / 1_100)
  const commit = async (name: string, size?: number): Promise<void> => {
    const value = size === undefined ? undefined : { payload: Buffer.alloc(size) }
    await log.commit([{ key: keyOf(log, name), value }], 'memory')
  }
  const work = async (): Promise<void> => {
    for (let i = 0; i < keys; i++) await commit(`key ${i}`, 1_000)
    for (let i = 0; i < 3_000; i++) {
      await commit(`key ${Math.floor(it.random.next() * keys)}`, 1_000)
      if (i % 2 > 0) continue
      await commit(`short ${i}`, 64)
      await commit(`short ${i}`)
    }
  }
  await t.notThrowsAsync(it.run(work()))
  const share = log.counters().liveBytes / capacityBytes
  t.true(share < 0.9, `${share} of what may live is taken`)
})

test('a rotten record is reported and not returned, and the others are', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  for (let i = 0; i < 8; i++) {
    await it.run(log.commit([put(log, `key ${i}`, `${i}`.repeat(3_900))], 'sync'))
  }
  it.disk.faults = { ...NO_DISK_FAULTS, isCold: 0 }
  for (let i = 0; i < 6; i++) it.disk.rot()
  let damaged = 0
  for (let i = 0; i < 8; i++) {
    const text = await textOf(it, log, `key ${i}`).catch((error: unknown) => codeOf(error))
    if (text === 'CORRUPT') damaged += 1
    else t.is(text, `${i}`.repeat(3_900))
  }
  t.true(damaged > 0 && damaged < 8)
})

test('a disk that fails to write fails the commit and takes it back', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  await it.run(log.commit([put(log, 'a', 'one')], 'sync'))
  it.disk.faults = { ...NO_DISK_FAULTS, writeFails: 1 }
  const failed = log.commit([put(log, 'a', 'two'), put(log, 'b', 'x')], 'disk')
  t.is(codeOf(await it.run(t.throwsAsync(failed))), 'EIO')
  it.disk.faults = NO_DISK_FAULTS
  t.is(await textOf(it, log, 'a'), 'one')
  t.is(await textOf(it, log, 'b'), undefined)
  await it.run(log.commit([put(log, 'a', 'three')], 'sync'))
  it.disk = it.disk.crash()
  t.is(await textOf(it, await it.open(), 'a'), 'three')
})

test('what a deletion deleted stays so, though the deletion could not be moved', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  await it.run(log.commit([put(log, 'a', 'one')], 'sync'))
  await it.run(log.commit([{ key: keyOf(log, 'a') }], 'sync'))
  // The disk fails again and again while zone after zone is collected.
  for (let i = 0; i < 600; i++) {
    it.disk.faults = { ...NO_DISK_FAULTS, writeFails: i % 3 === 0 ? 0.2 : 0 }
    const change = put(log, `key ${i % 9}`, 'x'.repeat(3_000))
    await it.run(log.commit([change], 'disk')).catch((error: unknown) => codeOf(error))
  }
  t.true(log.counters().zonesCollected > 5, `${log.counters().zonesCollected}`)
  it.disk = it.disk.crash()
  t.is(await textOf(it, await it.open(), 'a'), undefined)
})

test('a disk that fails to sync is not believed again', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  it.disk.faults = { ...NO_DISK_FAULTS, syncFails: 1 }
  t.is(codeOf(await it.run(t.throwsAsync(log.commit([put(log, 'a', 'x')], 'sync')))), 'EIO')
  it.disk.faults = NO_DISK_FAULTS
  t.is(codeOf(await it.run(t.throwsAsync(log.commit([put(log, 'b', 'x')], 'memory')))), 'EIO')
  t.is(await textOf(it, log, 'a'), 'x', 'reads go on')
})

test('who is alone is synced at once where the disk does that, and it is durable', async (t) => {
  const it = new SimulatedLog()
  const log = await it.open()
  it.disk.faults = { ...NO_DISK_FAULTS, syncsNow: 1 }
  const before = it.clock.elapsedMs
  await it.run(log.commit([put(log, 'a', 'one')], 'sync'))
  // A sync that is waited for takes half a millisecond or more.
  t.true(it.clock.elapsedMs - before < 0.2)
  const together = ['b', 'c'].map((key) => log.commit([put(log, key, key)], 'sync'))
  await it.run(Promise.all(together))
  t.is(log.counters().syncs, 2)
  it.disk = it.disk.crash()
  const again = await it.open()
  for (const [key, text] of Object.entries({ a: 'one', b: 'b', c: 'c' })) {
    t.is(await textOf(it, again, key), text)
  }
  it.disk.faults = { ...NO_DISK_FAULTS, syncsNow: 1, syncFails: 1 }
  t.is(codeOf(await it.run(t.throwsAsync(again.commit([put(again, 'a', 'x')], 'sync')))), 'EIO')
  it.disk.faults = NO_DISK_FAULTS
  t.is(codeOf(await it.run(t.throwsAsync(again.commit([put(again, 'b', 'x')], 'memory')))), 'EIO')
})

test('zones that small commits are synced into are given their space before', async (t) => {
  const written: number[] = []
  for (const durability of ['sync', 'memory'] as const) {
    const it = new SimulatedLog()
    const log = await it.open()
    for (let i = 0; i < 100; i++) {
      await it.run(log.commit([put(log, `key ${i}`, 'x'.repeat(3_500))], durability))
    }
    await it.run(log.flush())
    written.push(log.counters().writtenBytes)
    it.disk = it.disk.crash()
    const again = await it.open()
    for (let i = 0; i < 100; i++) t.truthy(await textOf(it, again, `key ${i}`))
  }
  const [synced = 0, other = 0] = written
  t.true(synced > other + 4 * ZONE_BYTES, `${synced} and ${other} bytes`)
  t.true(synced < other * 2.5, `${synced} and ${other} bytes`)
})

test('a log keeps the size that it was made with', async (t) => {
  const it = new SimulatedLog()
  await it.run((await it.open()).close())
  const other = new SimulatedLog(20)
  other.disk = it.disk
  t.is(codeOf(await t.throwsAsync(other.open())), 'EINVAL')
})
