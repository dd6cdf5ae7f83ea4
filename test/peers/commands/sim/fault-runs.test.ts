import test, { type ExecutionContext } from 'ava'
import { runInvalidation } from '../../../../peers/commands/sim/invalidate-command.ts'
import { runSwarm } from '../../../../peers/commands/sim/swarm-command.ts'
import { exitCodeOf } from '../../../../peers/commands/exit-codes.ts'
import type { Terminal } from '../../../../peers/commands/terminal.ts'

function listening(): { terminal: Terminal; said: () => string } {
  const said: string[] = []
  const out = (text: string) => void said.push(text)
  const { signal: interrupted } = new AbortController()
  const screen = () => undefined
  const terminal = { out, err: out, isWatched: false, screen, env: {}, cwd: '.', interrupted }
  return { terminal, said: () => said.join('') }
}

const swarm = { seeds: '1..2', nodes: 6, faults: 'many,for=1s,join=0' }

async function usage(t: ExecutionContext, run: Promise<void>, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(run, { message })
  t.is(exitCodeOf(error), 2)
}

test('sim swarm tells what all seeds came to', async (t) => {
  const { terminal, said } = listening()
  await runSwarm(swarm, terminal)
  t.regex(said(), /seeds +2\nseeds that broke a promise +0\n/)
})

test('sim swarm --json is a line a seed, with what was drawn and its hash', async (t) => {
  const { terminal, said } = listening()
  await runSwarm({ ...swarm, json: true }, terminal)
  const results = said()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.deepEqual(
    results.map(({ seed, nodes, violations }) => [seed, nodes, violations]),
    [
      [1, 6, []],
      [2, 6, []],
    ],
  )
  t.true(results.every(({ hash }) => /^[\da-f]{16}$/.test(String(hash))))
})

test('what can not be understood is a matter of usage', async (t) => {
  const { terminal } = listening()
  await usage(t, runSwarm({ ...swarm, seeds: 'all' }, terminal), /'all' is no seed/)
  await usage(t, runSwarm({ ...swarm, faults: 'crsh' }, terminal), /'crsh' is no fault/)
  const invalidate = { nodes: 4, rounds: 1, seed: '1' }
  await usage(t, runInvalidation({ ...invalidate, loss: '100%' }, terminal), /--loss '100%'/)
})

test('sim invalidate says how long it took, and what was stale', async (t) => {
  const { terminal, said } = listening()
  await runInvalidation({ nodes: 6, rounds: 2, seed: '1', loss: '10%' }, terminal)
  t.regex(said(), /until a node has acted +\d/)
  t.regex(said(), /12 reads after the news, 0 stale, 0 failed/)
})
