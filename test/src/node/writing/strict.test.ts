import test from 'ava'
import type { World, WorldInit } from '../../../../sim/world.ts'
import { failsWith } from '../../../ports/source-contract.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

async function strictMesh(
  nodes: number,
  init: Partial<WorldInit> = {},
): Promise<{ world: World; hands: Hand[] }> {
  const volume = { write: 'through', coherence: 'strict' } as const
  const world = await meshOf(nodes, { tree: () => {}, ...init, volume })
  return { world, hands: world.nodes.map((node) => new Hand(node)) }
}

test('what one node has written, all others see when the writer goes on', async (t) => {
  const { world, hands } = await strictMesh(4)
  await world.run(async () => {
    for (const hand of hands) t.deepEqual(await hand.names(''), [])
    for (let round = 0; round < 20; round++) {
      const writer = hands[round % 4] as Hand
      await writer.file('f', `round ${round}`)
      for (const hand of hands) t.is(await hand.text('f'), `round ${round}`)
      await writer.mkdir(`d${round}`)
      for (const hand of hands) t.is((await hand.names('')).length, round + 2)
      await writer.rename('f', 'g')
      for (const hand of hands) await failsWith(t, 'ENOENT', hand.text('f'))
      for (const hand of hands) t.is(await hand.text('g'), `round ${round}`)
      await writer.unlink('g')
      for (const hand of hands) await failsWith(t, 'ENOENT', hand.text('g'))
    }
  })
})
