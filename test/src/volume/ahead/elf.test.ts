import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { neededBy, type ReadRange } from '../../../../src/volume/ahead/elf.ts'
import { objectOf } from './objects.ts'

const reading =
  (bytes: Uint8Array): ReadRange =>
  async (from, length) =>
    bytes.subarray(from, from + length)

test('what an object needs, and where its loader looks for it', async (t) => {
  const needed = ['libz.so.1', 'libm.so.6']
  const object = objectOf({ needed, runPath: '$ORIGIN/../lib:/usr/lib', rPath: 'older' })
  t.deepEqual(await neededBy(reading(object)), {
    names: needed,
    directories: ['$ORIGIN/../lib', '/usr/lib'],
  })
  const older = objectOf({ needed, rPath: '$ORIGIN' })
  t.deepEqual((await neededBy(reading(older))).directories, ['$ORIGIN'])
})

test('the objects of this very program, as its loader sees them', async (t) => {
  const { names } = await neededBy(reading(readFileSync(process.execPath)))
  t.true(names.some((name) => name.startsWith('libc.so')))
})

test('what is no object, or a broken one, needs nothing, whatever its numbers say', async (t) => {
  const nothing = { names: [], directories: [] }
  for (const bytes of [Buffer.alloc(0), Buffer.from('#!/bin/sh\n'), Buffer.alloc(4096)]) {
    t.deepEqual(await neededBy(reading(bytes)), nothing)
  }
  const object = objectOf({ needed: ['liba.so', 'libb.so'], runPath: '$ORIGIN' })
  const damage = fc.tuple(fc.nat(object.length - 1), fc.nat(255))
  await t.notThrowsAsync(
    fc.assert(
      fc.asyncProperty(
        fc.array(damage, { maxLength: 64 }),
        fc.nat(object.length),
        async (all, cut) => {
          const broken = Buffer.from(object.subarray(0, cut))
          for (const [at, byte] of all) if (at < cut) broken[at] = byte
          const { names } = await neededBy(reading(broken))
          return names.length <= 64 && names.every((name) => name.length <= 255)
        },
      ),
      { numRuns: 500 },
    ),
  )
})
