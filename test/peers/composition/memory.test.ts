import test, { type ExecutionContext } from 'ava'
import { BESIDE_RAM_BYTES, keepMemory } from '../../../peers/composition/memory.ts'
import { until } from '../../until.ts'

const MIB = 1024 * 1024
const RAM = 64 * MIB

/** A process whose memory grows and, cleaned, shrinks to `cleanBytes`. */
function aProcess(t: ExecutionContext, bytes: number, cleanBytes: number) {
  const process = { bytes, looks: 0, cleans: 0, lines: [] as string[] }
  const kept = keepMemory({
    ramBytes: RAM,
    log: (_level, message) => process.lines.push(message),
    residentBytes: () => {
      process.looks++
      return process.bytes
    },
    clean: async () => {
      process.cleans++
      process.bytes = cleanBytes
    },
    lookMs: 5,
  })
  t.teardown(() => kept.stop())
  return process
}

test('a process within its bound is left alone', async (t) => {
  const process = aProcess(t, RAM + BESIDE_RAM_BYTES / 2, 0)
  await until(() => process.looks >= 5)
  t.is(process.cleans, 0)
})

test('a process near its bound is cleaned before it is there, each time', async (t) => {
  const near = RAM + BESIDE_RAM_BYTES - 16 * MIB
  const process = aProcess(t, near, RAM)
  await until(() => process.cleans === 1)
  process.bytes = near
  await until(() => process.cleans === 2)
  t.is(process.bytes, RAM)
})

test('cleaning that does not help is not done at every look', async (t) => {
  const process = aProcess(t, 2 * RAM + BESIDE_RAM_BYTES, 2 * RAM + BESIDE_RAM_BYTES)
  await until(() => process.cleans >= 3)
  t.true(process.looks >= 2 * process.cleans)
})

test('dead blocks are collected and given back to the system', async (t) => {
  const dead = Array.from({ length: 200 }, () => Buffer.alloc(MIB, 1))
  const before = process.memoryUsage.rss()
  dead.length = 0
  const kept = keepMemory({ ramBytes: -BESIDE_RAM_BYTES, log: () => undefined, lookMs: 5 })
  t.teardown(() => kept.stop())
  const freed = () => before - process.memoryUsage.rss()
  await until(() => freed() > 150 * MIB)
  t.true(freed() > 100 * MIB, 'and it stays given back')
})
