import test from 'ava'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

const RUMOR_MS = 500

test('a file that was written here and then renamed, linked and chmodded stays in the kernel', async (t) => {
  const world = await meshOf(2, { tree: () => {}, volume: { write: 'through' } })
  const [one, two] = world.nodes.map((node) => new Hand(node)) as [Hand, Hand]
  const keepsCache = async (hand: Hand, path: string): Promise<boolean> => {
    const { handle, keepCache } = await hand.volume.open(await hand.find(path))
    hand.close(handle)
    return keepCache
  }
  await world.run(async () => {
    await one.file('f', 'written here')
    t.true(await keepsCache(one, 'f'))
    await one.rename('f', 'g')
    await one.link('g', 'h')
    await one.chmod('h', 0o600)
    t.true(await keepsCache(one, 'h'), 'nothing was written to it since')
    await world.sleep(RUMOR_MS)
    await two.file('g', 'written there')
    await world.sleep(RUMOR_MS)
    await one.rename('g', 'i')
    t.false(await keepsCache(one, 'i'))
    t.is(await one.text('i'), 'written there')
  })
})
