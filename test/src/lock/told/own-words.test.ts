import test from 'ava'
import { OwnWords } from '../../../../src/lock/told/own-words.ts'
import type { RumorHead } from '../../../../src/ports/messages.ts'

const OWN: RumorHead = { publisher: 'self', epoch: 1, number: 9 }

/** A peer that makes changes for this node answers with these heads, one after another. */
function begin(answers: (RumorHead | undefined)[]) {
  const untold: string[] = []
  const words = new OwnWords({
    tell: () => OWN,
    ask: async (peer) => {
      const head = answers.shift()
      if (head === undefined) throw new Error(`${peer} is gone`)
      return { type: 'told', head }
    },
    onUntold: () => untold.push('untold'),
  })
  return { words, untold }
}

const head = (epoch: number, number: number): RumorHead => ({ publisher: 'p', epoch, number })

const madeBy = (epoch: number) => ({ peer: 'p', epoch })

test('who made changes for this node is asked where they are told, once', async (t) => {
  const { words, untold } = begin([head(1, 5), head(1, 6)])
  t.deepEqual(await words.heads(), [OWN])
  words.madeBy(madeBy(1))
  t.deepEqual(await Promise.all([words.heads(), words.heads()]), [
    [head(1, 5), OWN],
    [head(1, 5), OWN],
  ])
  words.madeBy(madeBy(1))
  t.deepEqual(await words.heads(), [head(1, 6), OWN])
  t.deepEqual(untold, [])
})

test('what a peer told in a life before is told beside what it tells in this one', async (t) => {
  const { words, untold } = begin([head(1, 5), head(2, 1)])
  for (let i = 0; i < 2; i++) {
    words.madeBy(madeBy(1 + i))
    await words.heads()
  }
  t.deepEqual(await words.heads(), [head(1, 5), head(2, 1), OWN])
  t.deepEqual(untold, [])
})

test('what a life made that was over when it was asked may be told by nobody', async (t) => {
  const { words, untold } = begin([head(2, 1)])
  words.madeBy(madeBy(1))
  words.madeBy(madeBy(2))
  t.deepEqual(await words.heads(), [head(2, 1), OWN])
  t.deepEqual(untold, ['untold'])
})

test('of a peer that is gone with what it made this node tells that anything may have changed', async (t) => {
  const { words, untold } = begin([head(1, 5), undefined])
  for (let i = 0; i < 2; i++) {
    words.madeBy(madeBy(1))
    await words.heads()
  }
  t.deepEqual(await words.heads(), [OWN])
  t.deepEqual(untold, ['untold'])
})
