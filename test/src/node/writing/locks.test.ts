// What a lock shows: all that was changed by those who had it before, of whatever file, before any
// rumor has come.
import test from 'ava'
import { DROP, PASS } from '../../../../sim/network/rules.ts'
import type { World, WorldInit } from '../../../../sim/world.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

const EVERYWHERE_MS = 2_000

type Range = { readonly from: number; readonly to: number }
const WHOLE: Range = { from: 0, to: Infinity }

type Wanted = { readonly kind: 'write' | 'none'; readonly range?: Range }

async function lock(hand: Hand, path: string, { kind, range = WHOLE }: Wanted): Promise<void> {
  const owner = { owner: BigInt(hand.node.index), pid: 1, isFlock: false }
  await hand.volume.lock(await hand.find(path), { ...range, ...owner, kind }, { wait: true })
}

/** A mesh in which everyone has looked at the files `base`, `stays` and `goes`, and gossip is lost now. */
async function silentMesh(init: Partial<WorldInit> = {}): Promise<{ world: World; hands: Hand[] }> {
  const { volume } = init
  const world = await meshOf(4, {
    tree: () => {},
    ...init,
    volume: { write: 'through', ...volume },
  })
  const hands = world.nodes.map((node) => new Hand(node))
  await world.run(async () => {
    await world.sleep(EVERYWHERE_MS)
    for (const path of ['base', 'stays', 'goes']) await hands[0]?.file(path, 'before')
    await world.sleep(EVERYWHERE_MS)
    for (const hand of hands) {
      for (const path of ['base', 'stays', 'goes']) await hand.text(path)
      await hand.names('')
    }
  })
  world.network.rules.unshift(({ kind }) => (kind === 'gossip' ? DROP : PASS))
  return { world, hands }
}

const PLACES: [string, Partial<WorldInit>][] = [
  ['every node has the source', {}],
  ['one node has the source', { withSource: (index) => index === 3 }],
  ['written back later', { volume: { write: 'back', flushOnClose: false, dirtyAgeMs: 60_000 } }],
]

for (const [what, init] of PLACES) {
  test(`a lock shows what was changed under it, of other files too: ${what}`, async (t) => {
    const { world, hands } = await silentMesh(init)
    const [one, two, three] = hands as [Hand, Hand, Hand]
    await world.run(async () => {
      await lock(one, 'base', { kind: 'write' })
      await one.file('stays', 'AFTER')
      await one.unlink('goes')
      await one.file('comes', 'new')
      await lock(one, 'base', { kind: 'none' })
      for (const next of [two, three]) {
        await lock(next, 'base', { kind: 'write' })
        t.is(await next.text('stays'), 'AFTERe')
        t.deepEqual(await next.names(''), ['base', 'comes', 'stays'])
        await lock(next, 'base', { kind: 'none' })
      }
    })
  })
}

test('a lock of one part drops the pages of what was written to it, though the other part was written later', async (t) => {
  const { world, hands } = await silentMesh()
  const [one, two] = hands as [Hand, Hand]
  const [left, right] = [
    { from: 0, to: 2 },
    { from: 3, to: 5 },
  ]
  await world.run(async () => {
    const [mine, theirs] = [await one.open('base'), await two.open('base')]
    await lock(one, 'base', { kind: 'write', range: left })
    await lock(two, 'base', { kind: 'write', range: right })
    await one.write(mine, 0, 'BEF')
    await world.sleep(100)
    await two.write(theirs, 3, 'ORE')
    await lock(one, 'base', { kind: 'none', range: left })
    const [forgotten, nodeid] = [new Set<number>(), await two.find('base')]
    two.volume.subscribe((told) => {
      if (told.type === 'inode' && told.data && told.asker === undefined) forgotten.add(told.nodeid)
    })
    await lock(two, 'base', { kind: 'write', range: left })
    t.true(forgotten.has(nodeid))
    t.is(await two.text('base'), 'BEFORE')
  })
})

test('where who had the lock died, whoever gets it next looks at everything again', async (t) => {
  const { world, hands } = await silentMesh()
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    await lock(one, 'base', { kind: 'write' })
    await one.file('stays', 'AFTER')
    world.crash(0)
    await lock(two, 'base', { kind: 'write' })
    t.is(await two.text('stays'), 'AFTERe')
  })
})
