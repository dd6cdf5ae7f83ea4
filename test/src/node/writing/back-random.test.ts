// Random writers in write-back mode on several nodes, of which one at a time may be killed, hang, or be cut
// off from the others: nothing that was answered is lost, everyone agrees, and so does the source.
import test from 'ava'
import fc from 'fast-check'
import { codeOf } from '../../../../src/base/errors.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'

const NODES = 4
const RUNS = 6
const FILES = ['a', 'b', 'c'] as const
/** Rumors are everywhere, and leases have run out. */
const HEALED_MS = 60_000

const step = fc.record({
  node: fc.nat(NODES - 1),
  file: fc.constantFrom(...FILES),
  from: fc.nat(40),
  length: fc.integer({ min: 1, max: 12 }),
  then: fc.constantFrom('open', 'close', 'sync', 'read', 'chmod', 'rename'),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const blow = fc.record({
  after: fc.nat(24),
  node: fc.nat(NODES - 1),
  kind: fc.constantFrom('crash', 'crash silently', 'hang', 'cut'),
})

const letter = (i: number): string => String.fromCharCode(97 + (i % 26))

for (const withSource of [() => true, (index: number) => index !== 1]) {
  const where = withSource(1) ? 'every node has the source' : 'one node has not the source'
  test(`whoever dies, hangs or is cut off, what was answered is there: ${where}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 25 }),
        blow,
        async (steps, one) => {
          const volume = { write: 'back', flushOnClose: false, dirtyAgeMs: 8_000 } as const
          const world = await meshOf(NODES, { tree: () => {}, withSource, volume })
          const hands = world.nodes.map((node) => new Hand(node))
          const model = new Map<string, string>(FILES.map((file) => [file, '']))
          await world.run(async () => {
            for (const file of FILES)
              (hands[0] as Hand).close(await (hands[0] as Hand).create(file))
            await world.sleep(500)
            for (const [i, each] of steps.entries()) {
              if (i === one.after) await strike()
              const struck = i >= one.after && each.node === one.node
              if (struck) continue
              await perform(hands[each.node] as Hand, each, i)
              await world.sleep(500)
            }
            await heal()
            await world.sleep(HEALED_MS)
            for (const [file, text] of model) {
              t.is(
                Buffer.from(world.tree.find(file).bytes ?? []).toString(),
                text,
                `${file} on the source`,
              )
              for (const hand of hands) {
                if (hand.node.isLiving)
                  t.is(await hand.text(file), text, `${file} on ${hand.node.index}`)
              }
            }
            for (const { node } of hands) {
              if (node.isLiving)
                t.deepEqual(node.status().dirty, { bytes: 0, files: 0, copyBytes: 0 })
            }
          })

          async function perform(hand: Hand, { file, from, length, then }: Step, i: number) {
            const handle = await hand.open(file)
            const text = letter(i).repeat(length)
            await hand.write(handle, from, text)
            const before = model.get(file) ?? ''
            const after = before.padEnd(from, '\0')
            model.set(file, after.slice(0, from) + text + after.slice(from + length))
            if (then === 'sync') await hand.volume.sync(handle, { dataOnly: true })
            if (then === 'read') t.is(await hand.read(handle), model.get(file) ?? '')
            if (then === 'chmod') await hand.chmod(file, 0o640)
            if (then === 'rename') {
              await hand.rename(file, 'd')
              await hand.rename('d', file)
            }
            if (then === 'open') await world.sleep(100)
            hand.close(handle)
          }

          async function strike(): Promise<void> {
            if (one.kind === 'crash') world.crash(one.node)
            if (one.kind === 'crash silently') world.crash(one.node, { isSilent: true })
            if (one.kind === 'hang') world.hang(one.node)
            if (one.kind === 'cut') world.partition((index) => (index === one.node ? 1 : 0))
          }

          async function heal(): Promise<void> {
            if (steps.length <= one.after) return
            if (one.kind === 'hang') world.resume(one.node)
            if (one.kind === 'cut') world.repair()
          }
        },
      ),
      { numRuns: RUNS, seed: 6 },
    )
  })
}

test('a writer that stood still while its bytes were taken over does not write them again', async (t) => {
  const volume = { write: 'back', flushOnClose: false, dirtyAgeMs: 5_000 } as const
  const world = await meshOf(3, { tree: () => {}, volume })
  const [one, two] = world.nodes.map((node) => new Hand(node)) as [Hand, Hand]
  await world.run(async () => {
    const handle = await one.create('f')
    await one.write(handle, 0, 'old old')
    await world.sleep(500)
    world.hang(0)
    t.is(await two.text('f'), 'old old')
    await two.file('f', 'new')
    await world.sleep(20_000)
    t.is(Buffer.from(world.tree.find('f').bytes ?? []).toString(), 'new old')
    world.resume(0)
    await world.sleep(60_000)
    t.is(Buffer.from(world.tree.find('f').bytes ?? []).toString(), 'new old')
    t.is(await one.text('f'), 'new old')
    t.is(await one.write(handle, 4, 'NEW').catch(codeOf), 4)
    await world.sleep(500)
    t.is(await two.text('f'), 'new NEW')
  })
})
