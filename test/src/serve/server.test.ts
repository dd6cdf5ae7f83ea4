import test from 'ava'
import { Counters } from '../../../src/base/counters.ts'
import { codeOf } from '../../../src/base/errors.ts'
import type { SourceAnswer } from '../../../src/authority/directory-authority.ts'
import type { Block, Want } from '../../../src/ports/messages.ts'
import { Server, type ServerInit } from '../../../src/serve/server.ts'
import { blockOf, VOLUME, wantOf } from '../fetch/fetch-bench.ts'

const { signal } = new AbortController()

function serverWith(changes: Partial<ServerInit> = {}) {
  const shard = new Map<number, Block>()
  const calls: string[] = []
  const state = { queuedBytes: 0, flights: 0 }
  const counters = new Counters()
  const bring = async (how: string, want: Want): Promise<SourceAnswer> => {
    calls.push(`${how} ${want.index}`)
    return { type: 'block', block: blockOf(how) }
  }
  const network = {
    queuedBytes: () => state.queuedBytes,
    handle: () => {},
    request: () => Promise.reject(new Error('a server asks nobody')),
  }
  const server = new Server({
    network,
    counters,
    volumes: new Set([VOLUME]),
    uploadBudgetBytes: 1000,
    referralBytes: 100,
    flightsMax: 10,
    flights: () => state.flights,
    lentTo: () => undefined,
    peek: (want) => shard.get(want.index),
    newsOf: () => [],
    now: () => 0,
    fetch: (want) => bring('fetch', want),
    readSource: (want) => bring('source', want),
    ...changes,
  })
  return { server, shard, calls, state, counters }
}

async function codeFrom(server: Server, want: Want): Promise<unknown> {
  try {
    return await server.answer('a', want, { signal })
  } catch (error) {
    return codeOf(error)
  }
}

test('what the shard holds is handed out, whatever the reach', async (t) => {
  const { server, shard, calls, counters } = serverWith()
  shard.set(0, blockOf('held'))
  for (const reach of ['climb', 'held', 'source'] as const) {
    const answer = await server.answer('a', wantOf({ reach }), { signal })
    t.deepEqual(answer, { type: 'block', block: blockOf('held') })
  }
  t.deepEqual(calls, [])
  t.is(counters.get('serve_blocks_total'), 3)
  t.is(counters.get('serve_bytes_total'), 12)
})

test('what it does not hold is brought as far as the want may go', async (t) => {
  const { server, calls } = serverWith()
  t.deepEqual(await server.answer('a', wantOf({ reach: 'held' }), { signal }), { type: 'missing' })
  await server.answer('a', wantOf({ reach: 'climb' }), { signal })
  await server.answer('a', wantOf({ reach: 'source' }), { signal })
  t.deepEqual(calls, ['fetch 0', 'source 0'])
})

test('another volume, or no source, is said by name', async (t) => {
  const { server } = serverWith({ readSource: () => undefined })
  const check = async (want: Partial<Want>, code: string) =>
    t.is(await codeFrom(server, wantOf(want)), code)
  await check({ volume: 'other' }, 'UNKNOWN_VOLUME')
  await check({ reach: 'source' }, 'NO_SOURCE')
})

test('over its upload budget it refers to those it served last, newest first', async (t) => {
  const { server, shard, state } = serverWith()
  shard.set(0, blockOf('held'))
  for (const peer of ['a', 'b', 'c', 'd', 'e', 'b']) await server.answer(peer, wantOf(), { signal })
  state.queuedBytes = 1001
  const busy = await server.answer('f', wantOf(), { signal })
  t.deepEqual(busy, { type: 'busy', referrals: ['b', 'e', 'd', 'c'] })
  const other = await server.answer('f', wantOf({ index: 1 }), { signal })
  t.deepEqual(other, { type: 'busy', referrals: [] })
})

test('with much to send it refers what others have, and still hands out what it alone has', async (t) => {
  const { server, shard, state } = serverWith()
  for (const index of [0, 1]) shard.set(index, blockOf('held'))
  await server.answer('a', wantOf(), { signal })
  state.queuedBytes = 100
  t.is((await server.answer('b', wantOf(), { signal })).type, 'block')
  state.queuedBytes = 101
  const answer = await server.answer('c', wantOf(), { signal })
  t.deepEqual(answer, { type: 'busy', referrals: ['b', 'a'] })
  t.is((await server.answer('c', wantOf({ index: 1 }), { signal })).type, 'block')
})

test('too many fetches under way is BUSY, but what is here is still handed out', async (t) => {
  const { server, shard, state } = serverWith()
  state.flights = 10
  shard.set(1, blockOf('held'))
  t.is(await codeFrom(server, wantOf()), 'BUSY')
  t.is((await server.answer('a', wantOf({ index: 1 }), { signal })).type, 'block')
})

test('that a file is another one by now is passed on, and is no block served', async (t) => {
  const changed = { type: 'changed', attributes: {} as never, stamp: 3 } as const
  const { server, counters } = serverWith({ fetch: async () => changed })
  t.is(await server.answer('a', wantOf(), { signal }), changed)
  t.is(counters.get('serve_blocks_total'), 0)
})

test('whom it remembers is bounded', async (t) => {
  const { server, state } = serverWith()
  for (let index = 0; index < 5000; index++) await server.answer('a', wantOf({ index }), { signal })
  state.queuedBytes = 1001
  const referralsOf = async (index: number) => {
    const answer = await server.answer('b', wantOf({ index }), { signal })
    return answer.type === 'busy' ? answer.referrals.length : -1
  }
  t.is(await referralsOf(0), 0)
  t.is(await referralsOf(4999), 1)
})
