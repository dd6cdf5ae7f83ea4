import test from 'ava'
import { Counters } from '../../../../src/base/counters.ts'
import { firstSession } from '../../../../src/file/dirty/copies/kept-by.ts'
import { Marks, type RecallQuestion } from '../../../../src/file/dirty/marks.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

/** Marks of a node in its second life; all who are asked have put on the source what they had. */
function begin() {
  const asked: (RecallQuestion & { readonly peer: string })[] = []
  const marks = new Marks({
    clock: new VirtualClock(),
    self: 'self',
    epoch: 2,
    counters: new Counters(),
    recall: async (peer, question) => {
      asked.push({ peer, ...question })
      return { type: 'clean', stamp: 9 }
    },
    onClean: () => {},
  })
  return { marks, asked }
}

const dirty = (by: string, life: number) =>
  ({ type: 'dirty', by, session: firstSession(life) + 1, isDirty: true, copy: 'keeper' }) as const

test('what this node wrote it knows itself, but not what it wrote in a life before', async (t) => {
  const { marks, asked } = begin()
  t.false(marks.take('1', dirty('self', 2), 5))
  t.true(marks.isOwn(dirty('self', 2)))
  t.is(marks.recall('1'), undefined)
  t.true(marks.take('1', dirty('self', 1), 5))
  t.false(marks.isOwn(dirty('self', 1)))
  await marks.recall('1')
  t.deepEqual(
    asked.map(({ session }) => session),
    [firstSession(1) + 1],
  )
  t.false(marks.has('1'))
})

test('that a life before is done with says nothing of what is written in the next', async (t) => {
  const { marks, asked } = begin()
  marks.take('1', dirty('p', 1), 5)
  marks.take('1', dirty('p', 2), 6)
  marks.take('1', { ...dirty('p', 1), isDirty: false }, 7)
  t.true(marks.has('1'))
  await marks.recall('1')
  t.deepEqual(
    asked.map(({ session }) => session),
    [firstSession(2) + 1],
  )
  marks.take('1', dirty('p', 1), 8)
  marks.take('1', { ...dirty('p', 1), isDirty: false }, 9)
  t.false(marks.has('1'))
})
