import { randomBytes } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { FRAME } from '../../../peers/net/link/frame.ts'
import type { StartedPeer } from '../../../peers/net/peer.ts'
import { encodeRequest } from '../../../src/wire/request.ts'
import { until } from '../../until.ts'
import { aPeer, blockOf, want, type LogLine } from './mesh.ts'
import { aRawClient, frame } from './raw-client.ts'

async function aVictim(
  t: ExecutionContext,
  options: { proofTimeoutMs?: number } = {},
): Promise<{ victim: StartedPeer; friend: StartedPeer; address: string; lines: LogLine[] }> {
  const lines: LogLine[] = []
  const victim = await aPeer(t, { lines, ...options })
  const friend = await aPeer(t)
  victim.network.handle(async () => ({ type: 'done' }))
  await friend.dial(victim.addresses())
  return { victim, friend, address: victim.addresses()[0] ?? '', lines }
}

const ABUSES: Readonly<Record<string, () => Uint8Array>> = {
  'an unknown frame': () => frame(99, 0),
  'a frame larger than its bound': () => Buffer.from([FRAME.ping, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
  'a malformed request': () => frame(FRAME.request, 1, Buffer.from('nonsense')),
  'a request for a path that climbs': () => {
    const bytes = Buffer.from(encodeRequest(want({ path: 'a/xx/b' })))
    bytes.write('..', bytes.indexOf('xx'))
    return frame(FRAME.request, 1, bytes)
  },
  'contacts that are none': () => frame(FRAME.contacts, 0, randomBytes(100)),
  'a second proof': () => frame(FRAME.proof, 0, randomBytes(32)),
  'a reply without its lengths': () => frame(FRAME.reply, 1, Buffer.of(1)),
  'random bytes': () => randomBytes(5_000),
}

for (const [what, bytes] of Object.entries(ABUSES)) {
  test(`a member that sends ${what} is cut off, and nobody else`, async (t) => {
    const { victim, friend, address, lines } = await aVictim(t)
    const client = await aRawClient(t, address, { proves: true })
    await until(() => victim.routing.contacts().some(({ peer }) => peer === client.peer))
    client.send(bytes())
    await client.closed
    t.true(lines.some(({ level, message }) => level === 'warn' && message.includes(client.peer)))
    t.deepEqual(await friend.network.request(victim.peerId, { type: 'heads' }), { type: 'done' })
  })
}

test('a reply that is no reply rejects the request, and cuts off who sent it', async (t) => {
  const { victim, address } = await aVictim(t)
  const client = await aRawClient(t, address, { proves: true })
  await until(() => victim.connectedPeers().includes(client.peer))
  const asked = victim.network.request(client.peer, want())
  const failure = t.throwsAsync(asked, { code: 'TOO_LARGE' })
  await until(() => client.frames.some(({ type }) => type === FRAME.request))
  const id = client.frames.find(({ type }) => type === FRAME.request)?.id ?? 0
  client.send(frame(FRAME.reply, id, Buffer.of(1, 0, 0, 0, 0, 0, 0, 0x7f)))
  await failure
  await client.closed
})

test('a stranger that proves nothing is cut off, and is never a contact', async (t) => {
  const { victim, address } = await aVictim(t, { proofTimeoutMs: 4_000 })
  const client = await aRawClient(t, address, { proves: false })
  await client.closed
  t.false(victim.routing.contacts().some(({ peer }) => peer === client.peer))
  t.true((victim.counters()['net_proof_timeouts_total'] ?? 0) >= 1)
})

test('a stranger that skips the proof is cut off', async (t) => {
  const { address, lines } = await aVictim(t)
  const client = await aRawClient(t, address, { proves: false })
  client.send(frame(FRAME.request, 1, encodeRequest(want())))
  await client.closed
  t.true(lines.some(({ message }) => /before the proof/.test(message)))
})

test('a peer that asks and does not read does not fill our memory', async (t) => {
  const { victim, address } = await aVictim(t)
  const bytes = Buffer.alloc(1024 * 1024)
  let served = 0
  victim.network.handle(async () => {
    served++
    return blockOf(bytes)
  })
  const client = await aRawClient(t, address, { proves: true })
  const request = encodeRequest(want())
  // It takes what comes but gives no credit, so all but the first two megabytes must wait.
  const requests = Array.from({ length: 1_000 }, (_, i) => frame(FRAME.request, i + 1, request))
  client.send(Buffer.concat(requests))
  await until(() => served >= 16)
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.true(served <= 128, `${served} blocks were served`)
  t.true(victim.network.queuedBytes() < 34 * 1024 * 1024)
})
