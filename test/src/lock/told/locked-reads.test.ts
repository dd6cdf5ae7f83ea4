// Who has a lock sees what was written under it before, though no rumor of it has come, and though clocks
// differ by as much as they may. Seed 18 of 64 writers lost an addition to a counter.
import test from 'ava'
import { PotluckError } from '../../../../src/base/errors.ts'
import { SKEW_MS } from '../../../../src/block/stamp.ts'
import type { LockRange } from '../../../../src/ports/changes.ts'
import { lose } from '../../../../sim/network/rules.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import type { Network } from '../../../../src/ports/network.ts'
import type { Nodeid } from '../../../../src/volume/volume.ts'
import type { NodeInside, World } from '../../../../sim/world.ts'
import type { WorldNode } from '../../../../sim/world-node.ts'
import { meshOf } from '../../node/mesh.ts'
import { Hand } from '../../node/writing/hand.ts'

const FILES = Array.from({ length: 8 }, (_, i) => `d${i}/f`)
/** The first roll of those who grant locks is made by then. */
const FOUNDED_MS = 3_000
/** And others keep what somebody kept who is gone. */
const KEPT_ANEW_MS = 20_000
const ALL: Omit<LockRange, 'kind'> = { from: 0, to: Infinity, owner: 1n, pid: 1, isFlock: false }

/**
 * Each reads the storage for itself: by what it asks of others it would tell them of its clock; and asks
 * nobody which rumors it has missed.
 */
const alone = ({ ports, init }: NodeInside): NodeInside => {
  const request: Network['request'] = async (to, asked, options) => {
    if (asked.type !== 'want' && asked.type !== 'heads') {
      return ports.network.request(to, asked, options)
    }
    throw new PotluckError('UNKNOWN_VOLUME', 'nobody is asked here')
  }
  return { ports: { ...ports, network: { ...ports.network, request } }, init }
}

/** Nodes that never hear a rumor; the first one's clock is ahead of all others'. */
async function deafMesh(nodes: number, latent = 0): Promise<World> {
  const world = await meshOf(nodes, {
    latent,
    tree: (tree) => FILES.forEach((path) => tree.makeFileOf(path, Buffer.from('old'))),
    skewMs: (index) => (index === 0 ? SKEW_MS : 0),
    instrument: alone,
    volume: { write: 'through' },
  })
  world.network.rules.push(lose(new SeededRandom(1), 1, ['gossip']))
  await world.run(() => world.sleep(FOUNDED_MS))
  return world
}

/** A file that is open: who writes to it learns nothing of others' clocks by looking for it. */
type Open = {
  readonly hand: Hand
  readonly path: string
  readonly nodeid: Nodeid
  readonly handle: number
}

async function open(hand: Hand, path: string): Promise<Open> {
  return { hand, path, nodeid: await hand.find(path), handle: await hand.open(path) }
}

async function locked<T>({ hand, nodeid }: Open, work: () => Promise<T>): Promise<T> {
  const set = (kind: LockRange['kind']) =>
    hand.volume.lock(nodeid, { ...ALL, kind }, { wait: true })
  await set('write')
  try {
    return await work()
  } finally {
    await set('none')
  }
}

async function write({ hand, handle }: Open, text: string): Promise<void> {
  await hand.write(handle, 0, text)
}

/** What the node whose clock is ahead believes of a file is as new as can be, by its stamp. */
async function readAhead(hand: Hand, path: string): Promise<void> {
  await hand.node.invalidate(path)
  await hand.text(path)
}

test('a lock shows what was written under it a moment ago by a node whose clock is behind', async (t) => {
  const world = await deafMesh(2)
  const [ahead, behind] = world.nodes.map((node) => new Hand(node)) as [Hand, Hand]
  await world.run(async () => {
    for (const path of FILES) {
      const [reader, writer] = [await open(ahead, path), await open(behind, path)]
      await locked(writer, () => write(writer, 'mid'))
      // Each lock tells of a clock that is ahead: by now the other one is behind it again.
      await world.sleep(2 * SKEW_MS)
      await readAhead(ahead, path)
      await locked(writer, () => write(writer, 'new'))
      t.is(await locked(reader, () => ahead.text(path)), 'new', path)
      await locked(reader, () => write(reader, 'END'))
      t.is(await locked(writer, () => behind.text(path)), 'END', path)
    }
  })
})

for (const how of ['dies', 'leaves', 'joins'] as const) {
  test(`a lock shows what was written under it before a keeper of locks ${how}`, async (t) => {
    const world = await deafMesh(4, how === 'joins' ? 1 : 0)
    const [reader, writer, ...others] = world.nodes.map((node) => new Hand(node))
    await world.run(async () => {
      const files = []
      for (const path of FILES) {
        files.push([await open(reader as Hand, path), await open(writer as Hand, path)] as const)
        // From now on there are rumors of the reader's own, of which nobody has heard.
        await readAhead(reader as Hand, path)
      }
      for (const [mine, theirs] of files) {
        await locked(mine, async () => undefined)
        await locked(theirs, () => write(theirs, 'new'))
      }
      // Some of the files are kept by somebody else from now on.
      if (how === 'joins') await world.bounce(4)
      else for (const { node } of others.slice(0, 2)) await end(world, node, how)
      await world.sleep(KEPT_ANEW_MS)
      for (const [mine] of files) {
        t.is(await locked(mine, () => mine.hand.text(mine.path)), 'new', mine.path)
      }
    })
  })
}

// Where a keeper of locks died with it all is looked at again; so each file has a mesh of its own, and of
// most of them another node is the keeper.
for (const guard of FILES.slice(0, 4)) {
  test(`a lock of ${guard} shows what was written under it by a node that started again since`, async (t) => {
    const world = await deafMesh(4)
    const [reader, writer] = world.nodes.map((node) => new Hand(node)) as [Hand, Hand]
    await world.run(async () => {
      const other = FILES.at(-1) ?? ''
      await reader.text(other)
      const file = await open(writer, other)
      await locked(await open(writer, guard), () => write(file, 'new'))
      await world.bounce(1)
      await world.sleep(KEPT_ANEW_MS)
      // From now on there are rumors of its new life, too, which tell nothing of the one before.
      await locked(await open(writer, guard), () => writer.file('more', 'more'))
      t.is(await locked(await open(reader, guard), () => reader.text(other)), 'new')
    })
  })
}

async function end(world: World, node: WorldNode, how: 'dies' | 'leaves'): Promise<void> {
  if (how === 'leaves') await node.stop()
  else world.crash(node.index, { isSilent: false })
}
