import test from 'ava'
import type { World, WorldInit } from '../../../../sim/world.ts'
import type { WorldNode } from '../../../../sim/world-node.ts'
import { failsWith } from '../../../ports/source-contract.ts'
import { WritableSimSource } from '../../../../sim/storage/writing/writable-sim-source.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

/** Long enough for a rumor to be everywhere. */
const RUMOR_MS = 500

async function writableMesh(
  nodes: number,
  init: Partial<WorldInit> = {},
): Promise<{ world: World; hands: Hand[] }> {
  const world = await meshOf(nodes, { tree: () => {}, ...init, volume: { write: 'through' } })
  return { world, hands: world.nodes.map((node) => new Hand(node)) }
}

/** How many files a node holds open on the storage. */
function openHandlesOf({ source }: WorldNode): number {
  return source instanceof WritableSimSource ? source.openHandles : 0
}

test('what a node writes it sees at once, and the others after the rumor', async (t) => {
  const { world, hands } = await writableMesh(4)
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    for (const hand of hands) t.deepEqual(await hand.names(''), [])
    await one.mkdir('d')
    await one.file('d/f', 'hello')
    t.is(await one.text('d/f'), 'hello')
    t.deepEqual(await one.names('d'), ['f'])
    await world.sleep(RUMOR_MS)
    for (const hand of hands) {
      t.deepEqual(await hand.names(''), ['d'])
      t.deepEqual(await hand.names('d'), ['f'])
      t.is(await hand.text('d/f'), 'hello')
    }
    await two.rename('d/f', 'g')
    await two.file('g', 'HELLO, all')
    t.is(await two.text('g'), 'HELLO, all')
    await failsWith(t, 'ENOENT', two.text('d/f'))
    await world.sleep(RUMOR_MS)
    for (const hand of hands) {
      t.deepEqual(await hand.names(''), ['d', 'g'])
      t.is(await hand.text('g'), 'HELLO, all')
      await failsWith(t, 'ENOENT', hand.text('d/f'))
    }
  })
})

test('a directory is not listed again for each file that is made in it', async (t) => {
  const { world, hands } = await writableMesh(3)
  const [one, two] = hands as [Hand, Hand]
  const names = Array.from({ length: 6_000 }, (_, i) => `f${i}`)
  await world.run(async () => {
    await one.mkdir('d')
    await world.sleep(RUMOR_MS)
    await two.names('d')
    world.storage.lists.clear()
    for (const name of names) one.close(await one.create(`d/${name}`))
    await world.sleep(RUMOR_MS)
    for (const hand of hands) t.deepEqual(await hand.names('d'), names.toSorted())
  })
  const lists = [...world.storage.lists.values()].reduce((sum, count) => sum + count, 0)
  t.true(lists < 40, `${lists} lists for 6,000 files`)
})

test('a node without the source changes it through one that has it', async (t) => {
  const { world, hands } = await writableMesh(5, { withSource: (index) => index === 2 })
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    await one.mkdir('d')
    const handle = await one.create('d/f')
    await one.write(handle, 0, 'written')
    t.is(await one.write(handle, 'end', ' on'), 7)
    t.is(await one.read(handle), 'written on')
    one.close(handle)
    await one.chmod('d/f', 0o600)
    await one.link('d/f', 'd/g')
    await failsWith(t, 'EEXIST', one.mkdir('d'))
    await world.sleep(RUMOR_MS)
    for (const hand of hands) {
      t.is(await hand.text('d/g'), 'written on')
      const { mode, nlink } = await hand.node.stat('d/f')
      t.deepEqual([mode, nlink], [0o600, 2])
    }
    await two.unlink('d/f')
    await two.unlink('d/g')
    await two.rmdir('d')
    await world.sleep(RUMOR_MS)
    for (const hand of hands) t.deepEqual(await hand.names(''), [])
  })
})

test('a change whose answer is lost is made once', async (t) => {
  const { world, hands } = await writableMesh(2, { withSource: (index) => index === 1 })
  const [one] = hands as [Hand]
  let lost = 0
  await world.run(async () => {
    await one.names('')
    world.network.rules.push((passage) => {
      const isAnswer = passage.kind === 'reply' && passage.message.type === 'made'
      if (!isAnswer || lost % 2 === 1) {
        if (isAnswer) lost += 1
        return { type: 'pass' }
      }
      lost += 1
      return { type: 'drop' }
    })
    await one.mkdir('d')
    const handle = await one.create('d/f')
    for (const text of ['a', 'b', 'c']) await one.write(handle, 'end', text)
    t.true(lost >= 8)
    world.network.rules.length = 0
    await world.sleep(30_000)
    t.is(await one.text('d/f'), 'abc')
  })
})

test('where the peer that made the changes has died, another one goes on', async (t) => {
  const { world, hands } = await writableMesh(6, { withSource: (index) => index >= 4 })
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'before')
    await world.sleep(RUMOR_MS)
    // Who made the changes has the file open.
    const makers = world.nodes.filter((node) => openHandlesOf(node) > 0)
    t.is(makers.length, 1)
    for (const { index } of makers) world.crash(index)
    await one.write(handle, 6, ' and after')
    t.is(await one.text('f'), 'before and after')
    await two.mkdir('d')
    await world.sleep(5_000)
    t.deepEqual(await one.names(''), ['d', 'f'])
  })
})

test('a file of several writers has every byte that was written, and appends one after another', async (t) => {
  const { world, hands } = await writableMesh(4, { withSource: (index) => index < 2 })
  await world.run(async () => {
    await hands[0]?.file('f', '')
    await hands[0]?.file('log', '')
    await world.sleep(RUMOR_MS)
    const writers = hands.map(async (hand, i) => {
      const [file, log] = [await hand.open('f'), await hand.open('log', { append: true })]
      for (let k = 0; k < 20; k++) {
        await hand.write(file, 4 * k + i, String(i))
        await hand.write(log, 'end', `${i}\n`)
      }
    })
    await Promise.all(writers)
    await world.sleep(RUMOR_MS)
    for (const hand of hands) {
      t.is(await hand.text('f'), '0123'.repeat(20))
      const lines = (await hand.text('log')).split('\n').slice(0, -1)
      t.is(lines.length, 80)
      for (const i of ['0', '1', '2', '3']) t.is(lines.filter((line) => line === i).length, 20)
    }
  })
})

test('two who change the same names, with clocks that differ, agree in the end', async (t) => {
  const { world, hands } = await writableMesh(5, {
    skewMs: (index) => [0, 240, -240, 120, -120][index] ?? 0,
  })
  await world.run(async () => {
    for (const hand of hands) await hand.names('')
    const quarrel = hands.slice(0, 3).map(async (hand, i) => {
      for (let k = 0; k < 40; k++) {
        const name = `n${k % 4}`
        await hand.file(name, `${i}`).catch(() => undefined)
        await hand.unlink(name).catch(() => undefined)
        await hand.rename(`n${(k + 1) % 4}`, name).catch(() => undefined)
        await world.sleep((i * 7 + k) % 11)
      }
    })
    await Promise.all(quarrel)
    await world.sleep(2_000)
    const truth = [...world.tree.root.children.keys()].toSorted()
    for (const hand of hands) t.deepEqual(await hand.names(''), truth)
    for (const name of ['n0', 'n1', 'n2', 'n3']) {
      for (const hand of hands) {
        const isThere = await hand.find(name).then(
          () => true,
          () => false,
        )
        t.is(isThere, truth.includes(name), `${name} on node ${hand.node.index}`)
      }
    }
  })
})

test('what is invalidated is read again, though a change was told a moment before', async (t) => {
  const { world, hands } = await writableMesh(3)
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    for (const hand of hands) await hand.names('')
    await one.file('a', 'one')
    await world.sleep(RUMOR_MS)
    await two.text('a')
    world.tree.remove('a')
    await one.node.invalidate('a')
    await world.sleep(RUMOR_MS)
    for (const hand of hands) await t.throwsAsync(hand.find('a'), { message: 'a' })
  })
})

test('a newcomer, who has heard nothing, is told with the pages', async (t) => {
  const { world, hands } = await writableMesh(4, { latent: 1 })
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    await one.mkdir('d')
    await world.sleep(RUMOR_MS)
    for (const hand of hands.slice(0, 4)) await hand.names('d')
    for (let i = 0; i < 50; i++) await two.file(`d/f${i}`, `${i}`)
    await world.sleep(60_000)
    await world.bounce(4)
    const late = new Hand(world.node(4))
    t.is((await late.names('d')).length, 50)
    t.is(await late.text('d/f49'), '49')
  })
})

test('an open file is read after its last name is gone, whoever took it, and then given back', async (t) => {
  const { world, hands } = await writableMesh(5, {
    withSource: (index) => index === 0 || index === 3,
  })
  const openAtSources = () => world.nodes.reduce((sum, node) => sum + openHandlesOf(node), 0)
  await world.run(async () => {
    for (const [i, how] of ['unlink', 'replace'].entries()) {
      for (const [k, remover] of hands.entries()) {
        const path = `f${i}${k}`
        await remover.file(path, `of ${path}`)
        await remover.file('other', 'other')
        await world.sleep(RUMOR_MS)
        const handles = await Promise.all(hands.map((hand) => hand.openToRead(path)))
        await (how === 'unlink' ? remover.unlink(path) : remover.rename('other', path))
        await world.sleep(30_000)
        for (const [at, hand] of hands.entries()) {
          const handle = handles[at] ?? 0
          t.is(await hand.read(handle), `of ${path}`, `${how} by ${k}, read by ${at}`)
          hand.close(handle)
        }
      }
    }
    await world.sleep(30_000)
    t.is(openAtSources(), 0)
  })
})

test('a file that is open for writing outlives its name, and is cut and read by its handle', async (t) => {
  const { world, hands } = await writableMesh(3, { withSource: (index) => index === 2 })
  const [one, two] = hands as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'first')
    await world.sleep(RUMOR_MS)
    await two.unlink('f')
    await world.sleep(30_000)
    await one.write(handle, 5, ' and last')
    t.is(await one.read(handle), 'first and last')
    t.deepEqual(await one.names(''), [])
    await two.file('f', 'another')
    await world.sleep(RUMOR_MS)
    t.is(await one.read(handle), 'first and last')
    t.is(await one.text('f'), 'another')
    one.close(handle)
  })
})
