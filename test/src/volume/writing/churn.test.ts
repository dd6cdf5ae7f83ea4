import test from 'ava'
import { Churn } from '../../../../src/volume/writing/churn.ts'

const BLOCK = 1000

test('a file that does not change is read by blocks', (t) => {
  const churn = new Churn(BLOCK)
  for (let read = 0; read < 10; read++) t.false(churn.isPast({ inode: '7', version: 1 }, 10))
})

test('after each change as much as a block is read past the blocks, and then no more', (t) => {
  const churn = new Churn(BLOCK)
  churn.isPast({ inode: '7', version: 1 }, 10)
  for (const version of [2, 3]) {
    t.true(churn.isPast({ inode: '7', version }, 600))
    t.false(churn.isPast({ inode: '7', version }, 600))
    t.true(churn.isPast({ inode: '7', version }, 400))
    t.false(churn.isPast({ inode: '7', version }, 1))
  }
  t.false(churn.isPast({ inode: '8', version: 2 }, 600))
})

test('a file that was forgotten is a new one', (t) => {
  const churn = new Churn(BLOCK)
  churn.isPast({ inode: '7', version: 1 }, 10)
  churn.forget('7')
  t.false(churn.isPast({ inode: '7', version: 2 }, 10))
})
