import test from 'ava'
import { growth } from '../../../sim/soak/limits.ts'
import type { Sample } from '../../../sim/soak/sample.ts'
import { Soak, type SoakInit } from '../../../sim/soak/soak.ts'

const SMALL = { seed: 3, minutes: 4, operations: 2_000, zones: 16 }

async function soaked(init: SoakInit): Promise<Soak> {
  const soak = new Soak(init)
  for await (const progress of soak.run()) void progress
  return soak
}

test('minutes of work, a crash, a closing: nothing is lost, and nothing grows', async (t) => {
  const soak = await soaked(SMALL)
  t.deepEqual(soak.problems, [])
  t.is(soak.minutes.length, 4)
  t.true(soak.crashes === 1 && soak.closings === 1)
  t.true(soak.operations > 8_000)
  const [first] = soak.minutes
  t.true(
    first !== undefined && first.fullShare > 0.6 && first.fullShare < 0.9,
    `${first?.fullShare}`,
  )
})

test('the canary: what leaks is noticed', async (t) => {
  let files = 0
  const soak = await soaked({
    ...SMALL,
    minutes: 1,
    operations: 400,
    meddle: async (it, store) => {
      files += 1
      await it.disks[0]?.open({ name: `file ${files}`, sizeBytes: 4096 })
      await store.perform({ type: 'begin', key: Buffer.from('never finished') })
      for (let i = 0; i < 4; i++) it.life.after(1e9, () => {})
      for (let i = 0; i < 20; i++) {
        const key = Buffer.from(`never deleted ${files} ${i}`)
        await store.perform({ type: 'write', key, bytes: key, options: {} })
      }
    },
  })
  const said = soak.problems.join('\n')
  for (const name of ['openFiles', 'streams', 'timers', 'records']) {
    t.regex(said, new RegExp(`at rest: ${name} \\d+, \\d+ is the most`))
  }
})

test('the canary: what is lost is noticed', async (t) => {
  const soak = await soaked({
    ...SMALL,
    minutes: 1,
    operations: 1_000,
    meddle: async (_it, store) => {
      for (let client = 0; client < 8; client++) {
        const key = Buffer.from(`growing ${client}`)
        await store.perform({ type: 'delete', key, options: {} })
      }
    },
  })
  t.regex(soak.problems.join('\n'), /growing \d is \w+, not \d+/)
})

test('what grows from the first third to the last is told', (t) => {
  const sample = { records: 1_000, indexBytes: 10_000, diskBytes: 5e6, heapBytes: 50e6 } as Sample
  const steady = Array.from({ length: 9 }, (_, i) => ({
    ...sample,
    heapBytes: 50e6 + (i % 3) * 1e6,
  }))
  t.deepEqual(growth(steady), [])
  const leaking = steady.map((one, i) => ({ ...one, heapBytes: 50e6 + i * 5e6 }))
  t.deepEqual(growth(leaking), ['heapBytes grew from 60000000 to 90000000'])
  t.deepEqual(growth(leaking.slice(0, 5)), [])
})
