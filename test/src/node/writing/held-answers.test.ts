// A storage that makes a change and is slow to say so: others change the same things meanwhile, and what is
// told late must not undo what was made later. Seed 38 of 64 writers showed old files and names so.
import test from 'ava'
import type { World } from '../../../../sim/world.ts'
import { failsWith } from '../../../ports/source-contract.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

const HELD_MS = 3_000
const RUMOR_MS = 500

/** Holds back the answers to what a node changes from now on. */
function holdAnswers(world: World, { node }: Hand): () => void {
  const untilMs = world.clock.elapsedMs + HELD_MS
  world.storage.rules.unshift((call) => {
    const isHeld = call.kind === 'change' && call.node === node.index
    return isHeld ? { type: 'stall', untilMs } : undefined
  })
  return () => world.storage.rules.shift()
}

async function threeHands() {
  const world = await meshOf(3, { tree: () => {}, volume: { write: 'through' } })
  return { world, hands: world.nodes.map((node) => new Hand(node)) as [Hand, Hand, Hand] }
}

test('what is written while the answer to an earlier cut is held back, is not cut', async (t) => {
  const { world, hands } = await threeHands()
  const [one, two, three] = hands
  await world.run(async () => {
    await one.file('f', 'first')
    const theirs = await two.open('f')
    await world.sleep(RUMOR_MS)
    const release = holdAnswers(world, one)
    const cutting = one.open('f', { truncate: true })
    await world.sleep(100)
    await two.write(theirs, 0, 'and later')
    await world.sleep(RUMOR_MS)
    t.is(await three.text('f'), 'and later')
    await cutting
    release()
    t.is(await one.text('f'), 'and later')
    await world.sleep(RUMOR_MS)
    for (const hand of hands) t.is(await hand.text('f'), 'and later')
  })
})

test('a name that moves on while the answer to an earlier move is held back, is where it went', async (t) => {
  const { world, hands } = await threeHands()
  const [one, two] = hands
  await world.run(async () => {
    await one.file('a', 'moved')
    await world.sleep(RUMOR_MS)
    for (const hand of hands) t.deepEqual(await hand.names(''), ['a'])
    const release = holdAnswers(world, one)
    const moving = one.rename('a', 'b')
    await world.sleep(100)
    // Nobody has told of the name yet: it is found by who looks at the storage again.
    await two.node.invalidate('')
    await two.rename('b', 'c')
    await world.sleep(RUMOR_MS)
    await moving
    release()
    // Nobody knows by then which was first, and whoever is asked looks at the storage again.
    await world.sleep(2 * RUMOR_MS)
    for (const hand of hands) {
      t.deepEqual(await hand.names(''), ['c'])
      await failsWith(t, 'ENOENT', hand.text('b'))
    }
  })
})
