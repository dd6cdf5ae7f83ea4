import test from 'ava'
import { realGossip, simulatedGossip } from '../truth/gossip.ts'

test('ten nodes of real gossipsub get as many copies as simulated ones, over as many hops', async (t) => {
  const of = { nodes: 10, messages: 8, seed: 3 }
  const [simulated, real] = [await simulatedGossip(of), await realGossip(of)]
  t.is(real.reached, 1)
  t.is(simulated.reached, 1)
  const isNear = (a: number, b: number, share: number) => Math.abs(a / b - 1) <= share
  const both = JSON.stringify({ simulated, real })
  t.true(isNear(simulated.copiesANode, real.copiesANode, 0.25), both)
  t.true(isNear(simulated.meshDegree, real.meshDegree, 0.25), both)
  t.true(isNear(simulated.hopsMean, real.hopsMean, 0.5), both)
})
