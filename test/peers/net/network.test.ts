import { createHash, randomBytes } from 'node:crypto'
import test from 'ava'
import { PotluckError } from '../../../src/base/errors.ts'
import { until } from '../../until.ts'
import { aMesh, aPeer, blockOf, bytesOf, want } from './mesh.ts'
import type { Security } from '../../../peers/net/libp2p/libp2p-node.ts'

const MIB = 1024 * 1024

for (const security of ['tls', 'noise', 'plaintext'] satisfies Security[]) {
  test(`blocks of all sizes arrive intact, many at once, over ${security}`, async (t) => {
    const [asker, server] = [await aPeer(t, { security }), await aPeer(t, { security })]
    const sizes = [0, 1, 2_047, 4_096, 65_535, 65_536, 65_537, MIB, 4 * MIB]
    const blocks = sizes.map((size) => randomBytes(size))
    server.network.handle(async (from, request) => {
      t.is(from, asker.peerId)
      return blockOf(blocks[request.type === 'want' ? request.want.index : 0] as Uint8Array)
    })
    await asker.dial(server.addresses())
    const indexes = [...blocks.keys(), ...blocks.keys()]
    const got = await Promise.all(
      indexes.map((index) => asker.network.request(server.peerId, want({ index }))),
    )
    got.forEach((reply, i) => {
      const bytes = bytesOf(reply)
      const expected = blocks[indexes[i] as number] as Uint8Array
      t.is(hash(bytes), hash(expected))
      t.is(bytes.buffer.byteLength, bytes.length, 'the buffer has exactly the block')
    })
  })
}

test('a peer is connected to when it is first asked, from both sides at once too', async (t) => {
  const [a, b, c] = await aMesh(t, 3)
  if (a === undefined || b === undefined || c === undefined) return t.fail()
  for (const peer of [a, b, c]) peer.network.handle(async () => ({ type: 'done' }))
  await until(() => b.routing.contacts().length === 2 && c.routing.contacts().length === 2)
  const replies = await Promise.all([
    b.network.request(c.peerId, { type: 'heads' }),
    c.network.request(b.peerId, { type: 'heads' }),
    a.network.request(b.peerId, { type: 'heads' }),
  ])
  t.true(replies.every(({ type }) => type === 'done'))
})

test('requests that come before there is a handler wait for it', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  await a.dial(b.addresses())
  const asked = a.network.request(b.peerId, { type: 'heads' })
  b.network.handle(async () => ({ type: 'done' }))
  t.deepEqual(await asked, { type: 'done' })
})

test('a failure there is thrown here with its code', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  b.network.handle(async () => {
    throw new PotluckError('ESTALE', 'another file is there now')
  })
  await a.dial(b.addresses())
  const error = await t.throwsAsync(a.network.request(b.peerId, want()), { code: 'ESTALE' })
  t.regex(error?.message ?? '', /another file is there now/)
})

test('giving up a request stops the work on it', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  const started = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  b.network.handle((_from, _request, { signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    started.resolve()
    return new Promise(() => undefined)
  })
  await a.dial(b.addresses())
  const controller = new AbortController()
  const asked = a.network.request(b.peerId, want(), { signal: controller.signal })
  await started.promise
  controller.abort()
  await t.throwsAsync(asked, { code: 'ABORTED' })
  await aborted.promise
  await t.throwsAsync(a.network.request(b.peerId, want(), { signal: controller.signal }), {
    code: 'ABORTED',
  })
})

test('a small reply overtakes large ones', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  const large = blockOf(randomBytes(4 * MIB))
  const small = blockOf(randomBytes(100))
  b.network.handle(async (_from, request) =>
    request.type === 'want' && request.want.index === 0 ? large : small,
  )
  await a.dial(b.addresses())
  const order: string[] = []
  const larges = Array.from({ length: 8 }, async () => {
    await a.network.request(b.peerId, want())
    order.push('large')
  })
  const smalls = Array.from({ length: 4 }, async () => {
    await a.network.request(b.peerId, want({ index: 1 }))
    order.push('small')
  })
  await Promise.all([...larges, ...smalls])
  t.deepEqual(order.slice(0, 4), Array(4).fill('small'))
})

test('a peer that nobody knows is unreachable', async (t) => {
  const a = await aPeer(t)
  const stranger = '12D3KooWCdzxei5TGUYQcwhuGmDitMzA2KFo58P7B5JMK82ztEc1'
  await t.throwsAsync(a.network.request(stranger, want()), { code: 'UNREACHABLE' })
})

test('requests to and from a peer that stops fail at once', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  b.network.handle(() => new Promise(() => undefined))
  a.network.handle(() => new Promise(() => undefined))
  await a.dial(b.addresses())
  const ours = a.network.request(b.peerId, want())
  const theirs = b.network.request(a.peerId, want())
  const failures = Promise.all([
    t.throwsAsync(ours, { code: 'UNREACHABLE' }),
    t.throwsAsync(theirs, { code: 'CLOSED' }),
  ])
  await b.stop()
  await failures
  await until(() => a.routing.contacts().length === 0)
  await t.throwsAsync(a.network.request(b.peerId, want()), { code: 'UNREACHABLE' })
})

test('more requests than the bound are busy, and the others are answered', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  const go = Promise.withResolvers<void>()
  b.network.handle(async () => {
    await go.promise
    return { type: 'done' }
  })
  await a.dial(b.addresses())
  const asked = Array.from({ length: 4_100 }, () => a.network.request(b.peerId, { type: 'heads' }))
  const settled = Promise.allSettled(asked)
  go.resolve()
  const results = await settled
  const busy = results.filter(
    (result) => result.status === 'rejected' && (result.reason as PotluckError).code === 'BUSY',
  )
  t.is(busy.length, 4)
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 4_096)
})

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
