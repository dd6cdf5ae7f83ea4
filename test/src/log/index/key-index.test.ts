import test from 'ava'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { KeyIndex } from '../../../../src/log/index/key-index.ts'

test('a large index of random changes holds what a map holds', (t) => {
  const random = new SeededRandom('index')
  const index = new KeyIndex()
  const model = new Map<number, number>()
  const grains: number[] = []
  for (let grain = 1; grain <= 120_000; grain++) {
    const tag = random.uint32()
    index.add(tag, grain)
    model.set(grain, tag)
    grains.push(grain)
    if (random.next() < 0.3) {
      const place = Math.floor(random.next() * grains.length)
      const gone = grains[place] ?? 0
      grains[place] = grains.at(-1) ?? 0
      grains.pop()
      t.true(index.remove(model.get(gone) ?? 0, gone))
      model.delete(gone)
    }
  }
  t.is(index.size, model.size)
  for (const [grain, tag] of model) if (!index.find(tag).includes(grain)) t.fail(`grain ${grain}`)
})

test('an entry of 8 bytes takes less than 10, whatever the size', (t) => {
  const random = new SeededRandom('bytes')
  const index = new KeyIndex()
  const rates: number[] = []
  for (let grain = 1; grain <= 150_000; grain++) {
    index.add(random.uint32(), grain)
    if (grain >= 50_000 && grain % 1_000 === 0) rates.push(index.bytes / grain)
  }
  t.true(Math.max(...rates) < 10.5, `${Math.max(...rates)} bytes at most`)
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  t.true(mean < 9.8, `${mean} bytes on average`)
})

test('what is left is found, however much is taken out, and its memory is used again', (t) => {
  const random = new SeededRandom('taken out')
  const index = new KeyIndex()
  const tags = Array.from({ length: 30_001 }, () => random.uint32())
  const some = (from: number, to: number, work: (tag: number, grain: number) => void): void => {
    for (let grain = from; grain <= to; grain++) work(tags[grain] ?? 0, grain)
  }
  some(1, 30_000, (tag, grain) => index.add(tag, grain))
  const { bytes } = index
  for (let left = 30_000; left > 0; left -= 1_000) {
    some(left - 999, left, (tag, grain) => t.true(index.remove(tag, grain)))
    some(1, left - 1_000, (tag, grain) => index.has(tag, grain) || t.fail(`${grain} is lost`))
    some(left - 999, left, (tag, grain) => index.has(tag, grain) && t.fail(`${grain} is there`))
  }
  t.is(index.size, 0)
  some(1, 30_000, (tag, grain) => index.add(tag, grain))
  t.is(index.bytes, bytes)
})

test('equal tags are kept apart by their grains', (t) => {
  const index = new KeyIndex()
  for (let grain = 1; grain <= 20; grain++) index.add(0xffff_ffff, grain)
  t.is(index.find(0xffff_ffff).length, 20)
  t.true(index.replace(0xffff_ffff, 7, 700))
  t.false(index.replace(0xffff_ffff, 7, 701))
  t.true(index.has(0xffff_ffff, 700))
  t.true(index.remove(0xffff_ffff, 1))
  t.false(index.remove(0xffff_ffff, 1))
  t.deepEqual(index.find(0xffff_fffe), [])
  t.is(index.size, 19)
})

test('going through all segments meets each entry once, though it grows meanwhile', (t) => {
  const random = new SeededRandom('segments')
  const index = new KeyIndex()
  for (let grain = 1; grain <= 5_000; grain++) index.add(random.uint32(), grain)
  const met = new Map<number, number>()
  let added = 100_000
  for (let tag: number | undefined = 0; tag !== undefined;) {
    const { entries, next }: ReturnType<KeyIndex['segmentFrom']> = index.segmentFrom(tag)
    for (const { grain } of entries) met.set(grain, (met.get(grain) ?? 0) + 1)
    for (let i = 0; i < 500; i++) index.add(random.uint32(), ++added)
    tag = next
  }
  for (let grain = 1; grain <= 5_000; grain++) if (met.get(grain) !== 1) t.fail(`grain ${grain}`)
  t.true([...met.values()].every((times) => times === 1))
})
