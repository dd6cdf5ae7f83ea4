import test from 'ava'
import { createRandom, realRandom } from '../../../peers/ports/real-random.ts'
import { testRandom } from '../../ports/random-contract.ts'

testRandom('the real random', createRandom)

test('the seed of this process is its own', (t) => {
  t.not(realRandom.next(), createRandom('').next())
  t.not(realRandom.fork('a').next(), createRandom('').fork('a').next())
})
