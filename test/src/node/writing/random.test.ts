// Random programs on several nodes, whose clocks differ, one operation after another. Whoever makes a
// change sees exactly what the storage has, at once; everyone else as soon as the rumor is there.
import assert from 'node:assert/strict'
import test from 'ava'
import fc from 'fast-check'
import { codeOf } from '../../../../src/base/errors.ts'
import { lose } from '../../../../sim/network/rules.ts'
import { meshOf } from '../mesh.ts'
import { Hand } from './hand.ts'
import { NODES, perform, seenBy, step, truthOf } from './random-steps.ts'

const RUNS = 24

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
              for (const each of hands) assert.deepEqual(await seenBy(each), truth)
            }
          }
          await world.sleep(1_500)
          const truth = truthOf(world)
          for (const each of hands) assert.deepEqual(await seenBy(each), truth)
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
  const agreed = fc.assert(
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
        for (const each of hands) assert.deepEqual(await seenBy(each), truth)
      })
    }),
    { numRuns: RUNS / 4, seed: 4 },
  )
  await t.notThrowsAsync(agreed)
})

test('what is done at the same time on nodes whose clocks differ ends the same for everyone', async (t) => {
  const programs = fc.array(fc.array(step, { minLength: 3, maxLength: 15 }), {
    minLength: NODES,
    maxLength: NODES,
  })
  const agreed = fc.assert(
    fc.asyncProperty(programs, fc.nat(5), async (all, pauseMs) => {
      const world = await meshOf(NODES, {
        tree: () => {},
        skewMs: (index) => [0, 240, -240, 120][index] ?? 0,
        withSource: (index) => index !== 1,
        volume: { write: 'through' },
      })
      const hands = world.nodes.map((node) => new Hand(node))
      await world.run(async () => {
        for (const hand of hands) await seenBy(hand)
        const running = hands.map(async (hand, i) => {
          for (const one of all[i] ?? []) {
            await perform(hand, one).catch(codeOf)
            await world.sleep(pauseMs * (one.settles ? 1 : 3))
          }
        })
        await Promise.all(running)
        await world.sleep(3_000)
        const truth = truthOf(world)
        for (const each of hands) assert.deepEqual(await seenBy(each), truth)
      })
    }),
    { numRuns: 4 * RUNS, seed: 4 },
  )
  await t.notThrowsAsync(agreed)
})
