// Random programs on several nodes, whose clocks differ, one operation after another. Whoever makes a
// change sees exactly what the storage has, at once; everyone else as soon as the rumor is there.
import test from 'ava'
import fc from 'fast-check'
import type { Path } from '../../../../src/ports/messages.ts'
import { codeOf } from '../../../../src/base/errors.ts'
import type { SimInode } from '../../../../sim/storage/tree.ts'
import { lose } from '../../../../sim/network/rules.ts'
import type { World } from '../../../../sim/world.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

const NODES = 4
const RUNS = 24

type Step = {
  readonly kind: (typeof KINDS)[number]
  readonly node: number
  readonly from: Path
  readonly to: Path
  readonly settles: boolean
}

const KINDS = [
  'mkdir',
  'file',
  'append',
  'unlink',
  'rmdir',
  'rename',
  'exchange',
  'link',
  'chmod',
] as const

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.oneof(
  name,
  fc.tuple(name, name).map((names) => names.join('/')),
)
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  node: fc.nat(NODES - 1),
  from: path,
  to: path,
  settles: fc.boolean(),
})

async function perform(hand: Hand, { kind, from, to }: Step): Promise<void> {
  switch (kind) {
    case 'mkdir':
      return void (await hand.mkdir(from))
    case 'file':
      return hand.file(from, `bytes of ${from} by ${hand.node.index}`)
    case 'append': {
      const handle = await hand.open(from)
      await hand.write(handle, 'end', ` and ${to}`)
      return hand.close(handle)
    }
    case 'unlink':
      return hand.unlink(from)
    case 'rmdir':
      return hand.rmdir(from)
    case 'rename':
      return hand.rename(from, to)
    case 'exchange':
      return hand.rename(from, to, 'exchange')
    case 'link':
      return hand.link(from, to)
    case 'chmod':
      return hand.chmod(from, to.length > 1 ? 0o700 : 0o750)
  }
}

/** All that can be seen of a tree, by path. */
function truthOf({ tree }: World): Record<Path, string> {
  const seen: Record<Path, string> = {}
  const walk = (inode: SimInode, at: Path): void => {
    const { type, mode, nlink, size, bytes } = inode
    const text = type === 'file' ? Buffer.from(bytes ?? []).toString() : ''
    seen[at] = `${type} ${mode.toString(8)} ${type === 'file' ? `${nlink} ${size}` : nlink} ${text}`
    for (const [child, below] of inode.children) walk(below, at === '' ? child : `${at}/${child}`)
  }
  walk(tree.root, '')
  return seen
}

async function seenBy(hand: Hand): Promise<Record<Path, string>> {
  const seen: Record<Path, string> = {}
  const walk = async (at: Path): Promise<void> => {
    const { type, mode, nlink, size } = await hand.node.stat(at)
    const text = type === 'file' ? await hand.text(at) : ''
    seen[at] = `${type} ${mode.toString(8)} ${type === 'file' ? `${nlink} ${size}` : nlink} ${text}`
    if (type !== 'directory') return
    for (const child of await hand.names(at)) await walk(at === '' ? child : `${at}/${child}`)
  }
  await walk('')
  return seen
}

/** A wrong name may be refused; anything else is a failure of ours. */
const REFUSALS = new Set(['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EINVAL', 'EPERM'])

for (const [where, withSource] of [
  ['every node has the source', () => true],
  ['one node has the source', (index: number) => index === NODES - 1],
] as const) {
  test(`whatever is done, its node sees it at once and the others after the rumor: ${where}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const world = await meshOf(NODES, {
          tree: () => {},
          withSource,
          skewMs: (index) => [0, 200, -200, 90][index] ?? 0,
          volume: { write: 'through' },
        })
        const hands = world.nodes.map((node) => new Hand(node))
        await world.run(async () => {
          for (const hand of hands) await seenBy(hand)
          for (const one of steps) {
            const hand = hands[one.node] as Hand
            const before = JSON.stringify(truthOf(world))
            const code = await perform(hand, one).then(() => '', codeOf)
            if (code !== '') {
              // What others did may not have come to this node yet; then it may be refused wrongly,
              // by its name's absence alone, but never done wrongly.
              t.true(REFUSALS.has(code) || code === 'ESTALE', `${one.kind}: ${code}`)
              if (one.kind !== 'file') t.is(JSON.stringify(truthOf(world)), before)
            } else if (one.settles) await world.sleep(1_500)
            if (one.settles) {
              await world.sleep(1_500)
              const truth = truthOf(world)
              for (const each of hands) t.deepEqual(await seenBy(each), truth)
            }
          }
          await world.sleep(1_500)
          const truth = truthOf(world)
          for (const each of hands) t.deepEqual(await seenBy(each), truth)
          // Alone from here on, everything is as if nobody else were there.
          const hand = hands[0] as Hand
          for (const one of steps.slice(0, 5)) {
            await perform(hand, one).catch(codeOf)
            t.deepEqual(await seenBy(hand), truthOf(world), JSON.stringify(one))
          }
        })
      }),
      { numRuns: RUNS, seed: 4 },
    )
  })
}

test('where rumors are lost, everyone agrees in the end all the same', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = await meshOf(NODES, { tree: () => {}, volume: { write: 'through' } })
      world.network.rules.push(lose(world.random.fork('loss'), 0.4, ['gossip']))
      const hands = world.nodes.map((node) => new Hand(node))
      await world.run(async () => {
        for (const hand of hands) await seenBy(hand)
        for (const one of steps) {
          await perform(hands[one.node] as Hand, one).catch(codeOf)
          if (one.settles) await world.sleep(200)
        }
        await world.sleep(200_000)
        const truth = truthOf(world)
        for (const each of hands) t.deepEqual(await seenBy(each), truth)
      })
    }),
    { numRuns: RUNS / 4, seed: 4 },
  )
})
