import test from 'ava'
import fc from 'fast-check'
import type { Block, Identity } from '../../../src/ports/messages.ts'
import { ENTRY_BYTES, Shard } from '../../../src/shard/shard.ts'

const blockOf = (size: number, stamp = 1): Block => {
  return { stamp, version: 0, checksum: 0, bytes: new Uint8Array(size) }
}

const OF: Identity = { volume: 'v', kind: 'data', inode: '7', index: 0, splits: 0 }
const admit = (shard: Shard, key: string, block: Block) => shard.admit(key, block, OF)
const adopt = (shard: Shard, key: string, block: Block) => shard.adopt(key, block, OF)

const SIZE = 1000
const COST = SIZE + ENTRY_BYTES

/** Room for `blocks` blocks of SIZE bytes. */
function shardOf(blocks: number, isHome: (key: string) => boolean = () => false): Shard {
  return new Shard({ capacityBytes: blocks * COST, isHome })
}

const keysHeld = (shard: Shard, prefix: string, count: number): number => {
  let held = 0
  for (let i = 0; i < count; i++) if (shard.has(`${prefix}${i}`)) held += 1
  return held
}

function scan(shard: Shard, prefix: string, count: number): void {
  for (let i = 0; i < count; i++) admit(shard, `${prefix}${i}`, blockOf(SIZE))
}

test('what is admitted is there', (t) => {
  const shard = shardOf(4)
  const block = blockOf(SIZE)
  admit(shard, 'a', block)
  t.is(shard.get('a'), block)
  t.true(shard.has('a'))
  t.is(shard.usedBytes, COST)
  t.is(shard.get('b'), undefined)
})

test('a newer block takes the place of an older one, whatever their sizes', (t) => {
  const shard = shardOf(4)
  admit(shard, 'a', blockOf(SIZE, 1))
  admit(shard, 'a', blockOf(2 * SIZE, 2))
  t.is(shard.get('a')?.stamp, 2)
  t.is(shard.blocks, 1)
  t.is(shard.usedBytes, 2 * SIZE + ENTRY_BYTES)
})

test('a block larger than the shard is not kept, and what was there by that name is gone', (t) => {
  const shard = shardOf(2)
  admit(shard, 'a', blockOf(SIZE))
  admit(shard, 'b', blockOf(SIZE))
  admit(shard, 'a', blockOf(10 * SIZE))
  t.false(shard.has('a'))
  t.true(shard.has('b'))
})

test('the bound holds after every operation, and the count of bytes is exact', (t) => {
  const operation = fc.record({
    does: fc.constantFrom('admit', 'admit', 'admit', 'adopt', 'get', 'pin'),
    key: fc.nat(40).map(String),
    size: fc.oneof(fc.nat(3000), fc.nat(30_000)),
  })
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 200 }),
      fc.integer({ min: 500, max: 20_000 }),
      fc.integer({ min: 1, max: 4 }),
      (operations, capacityBytes, homes) => {
        const isHome = (key: string) => Number(key) % homes === 0
        const pinCapacityBytes = Math.floor(capacityBytes / 3)
        const shard = new Shard({ capacityBytes, pinCapacityBytes, isHome })
        const sizes = new Map<string, number>()
        for (const { does, key, size } of operations) {
          if (does === 'get') shard.get(key)
          if (does === 'pin') shard.pin(new Set([key, String(size % 41)]))
          if (does === 'adopt' && adopt(shard, key, blockOf(size))) {
            t.true(shard.has(key))
            sizes.set(key, size)
          }
          if (does === 'admit') {
            admit(shard, key, blockOf(size))
            sizes.set(key, size)
          }
          let expected = 0
          let blocks = 0
          for (const [held, bytes] of sizes) {
            if (!shard.has(held)) continue
            expected += bytes + ENTRY_BYTES
            blocks += 1
          }
          t.is(shard.usedBytes, expected)
          t.is(shard.blocks, blocks)
          t.true(shard.usedBytes <= capacityBytes)
          t.true(shard.pinnedBytes <= pinCapacityBytes)
        }
      },
    ),
    { numRuns: 100 },
  )
})

for (const [who, isHome] of [
  ['blocks of other homes', () => false],
  ['blocks of this home alone, as on a single node', () => true],
] as const) {
  test(`the hot set survives a scan of ten times the shard: ${who}`, (t) => {
    const shard = shardOf(100, isHome)
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 50; i++) {
        if (shard.get(`hot${i}`) === undefined) admit(shard, `hot${i}`, blockOf(SIZE))
      }
    }
    scan(shard, 'scan', 1000)
    t.true(keysHeld(shard, 'hot', 50) >= 45, `${keysHeld(shard, 'hot', 50)} of 50 are left`)
  })
}

test('what was thrown out too early gets straight into the main queue the second time', (t) => {
  const shard = shardOf(100)
  for (let i = 0; i < 80; i++) {
    admit(shard, `kept${i}`, blockOf(SIZE))
    shard.get(`kept${i}`)
  }
  scan(shard, 'scan', 100)
  admit(shard, 'again', blockOf(SIZE))
  scan(shard, 'more', 100)
  t.false(shard.has('again'))
  admit(shard, 'again', blockOf(SIZE))
  scan(shard, 'last', 50)
  t.true(shard.has('again'))
})

test('copies of which this node is the home outlive all others', (t) => {
  const isHome = (key: string) => key.startsWith('home')
  const shard = shardOf(100, isHome)
  for (let i = 0; i < 60; i++) admit(shard, `home${i}`, blockOf(SIZE))
  scan(shard, 'guest', 1000)
  t.is(keysHeld(shard, 'home', 60), 60)
})

test('guests give way to homes, whichever came first', (t) => {
  const isHome = (key: string) => key.startsWith('home')
  const shard = shardOf(100, isHome)
  for (let i = 0; i < 1000; i++) {
    admit(shard, `guest${i}`, blockOf(SIZE))
    if (i % 12 === 0) admit(shard, `home${i / 12}`, blockOf(SIZE))
  }
  t.true(keysHeld(shard, 'home', 84) >= 80, `${keysHeld(shard, 'home', 84)} of 84 are left`)
})

test('more home copies than fit do not stop the shard from taking in others', (t) => {
  const shard = shardOf(50, (key) => key.startsWith('home'))
  for (let i = 0; i < 200; i++) admit(shard, `home${i}`, blockOf(SIZE))
  admit(shard, 'guest', blockOf(SIZE))
  t.true(shard.has('guest'))
})

test('a slice does not keep the large buffer behind it alive', (t) => {
  const shard = new Shard({ capacityBytes: 10_000_000, isHome: () => false })
  const large = new Uint8Array(1_000_000).fill(7)
  admit(shard, 'slice', { ...blockOf(0), bytes: large.subarray(500, 900) })
  const kept = shard.get('slice')?.bytes as Uint8Array
  t.is(kept.buffer.byteLength, 400)
  t.deepEqual(kept, large.slice(500, 900))
  const whole = { ...blockOf(0), bytes: large.subarray(0, 999_999) }
  admit(shard, 'whole', whole)
  t.is(shard.get('whole')?.bytes.buffer, large.buffer, 'nearly all of a buffer is not copied')
})

test('evictions are counted', (t) => {
  const shard = shardOf(10)
  scan(shard, 'scan', 25)
  t.is(shard.evictions, 15)
})

test('pinned blocks outlive any scan, within their share; unpinned, they go like others', (t) => {
  const pinCapacityBytes = 2 * COST
  const shard = new Shard({ capacityBytes: 10 * COST, pinCapacityBytes, isHome: () => false })
  admit(shard, 'a', blockOf(SIZE))
  shard.pin(new Set(['a', 'b', 'c']))
  admit(shard, 'b', blockOf(SIZE))
  // There is no room for a third.
  admit(shard, 'c', blockOf(SIZE))
  scan(shard, 'x', 100)
  t.deepEqual(
    ['a', 'b', 'c'].map((key) => shard.isPinned(key)),
    [true, true, false],
  )
  t.false(shard.has('c'))
  t.is(shard.pinnedBytes, 2 * COST)
  t.true(shard.usedBytes <= 10 * COST)
  shard.pin(new Set(['b']))
  t.true(shard.has('a'))
  t.is(shard.pinnedBytes, COST)
  // What is read twice takes its place.
  for (let i = 0; i < 100; i++) {
    admit(shard, `y${i}`, blockOf(SIZE))
    shard.get(`y${i}`)
  }
  t.false(shard.has('a'))
  t.true(shard.has('b'))
  admit(shard, 'b', blockOf(2 * SIZE, 2))
  t.is(shard.pinnedBytes, 2 * SIZE + ENTRY_BYTES)
})

test('what is kept for others goes after guests, and only where there is room for it', (t) => {
  const evicted: string[] = []
  const onHomeEvicted = (key: string) => void evicted.push(key)
  const shard = new Shard({ capacityBytes: 20 * COST, isHome: () => false, onHomeEvicted })
  scan(shard, 'guest', 20)
  for (let i = 0; i < 18; i++) t.true(adopt(shard, `kept${i}`, blockOf(SIZE)))
  t.false(adopt(shard, 'more', blockOf(SIZE)))
  t.is(keysHeld(shard, 'kept', 18), 18)
  t.deepEqual(evicted, [])
})
