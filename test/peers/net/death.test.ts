import test, { type ExecutionContext } from 'ava'
import type { StartedPeer } from '../../../peers/net/peer.ts'
import { until } from '../../until.ts'
import { aKillablePeer, aPeer, want } from './mesh.ts'

/** So long after its last word a peer that answers no ping is given up. */
const GIVEN_UP_MS = 2_000

function leavesOf(peer: StartedPeer): string[] {
  const left: string[] = []
  peer.routing.subscribe({
    joined: () => undefined,
    left: (contact) => left.push(contact.peer),
  })
  return left
}

test('a killed peer fails its outstanding requests, and has left', async (t) => {
  const [a, other, victim] = [await aPeer(t), await aPeer(t), await aKillablePeer(t)]
  const left = leavesOf(a)
  other.network.handle(async () => ({ type: 'done' }))
  await a.dial(other.addresses())
  await a.dial(victim.addresses)
  const asked = a.network.request(victim.peer, want())
  victim.process.kill('SIGKILL')
  await t.throwsAsync(asked, { code: 'UNREACHABLE' })
  await until(() => left.includes(victim.peer))
  t.deepEqual(
    a.routing.contacts().map(({ peer }) => peer),
    [other.peerId],
  )
  t.deepEqual(await a.network.request(other.peerId, { type: 'heads' }), { type: 'done' })
  await t.throwsAsync(a.network.request(victim.peer, want()), { code: 'UNREACHABLE' })
})

test('a peer that stands still fails its outstanding requests, and has left', async (t) => {
  const [a, victim] = [await aPeer(t), await aKillablePeer(t)]
  const left = leavesOf(a)
  await a.dial(victim.addresses)
  const asked = a.network.request(victim.peer, want())
  victim.process.kill('SIGSTOP')
  const error = await t.throwsAsync(asked, { code: 'UNREACHABLE' })
  t.regex(error?.message ?? '', /silent/)
  await until(() => left.includes(victim.peer))
  t.is(a.routing.contacts().length, 0)
})

/**
 * Whether a peer that is killed while a ping is unanswered counts as gone, and not as silent; undefined
 * where a busy machine killed it only when it had been given up.
 */
async function goneWhilePinged(t: ExecutionContext): Promise<boolean[] | undefined> {
  const [a, victim] = [await aPeer(t), await aKillablePeer(t)]
  const gone: boolean[] = []
  a.routing.subscribe({ joined: () => undefined, left: (_, isGone) => gone.push(isGone) })
  await a.dial(victim.addresses)
  const asked = a.network.request(victim.peer, want())
  const stoppedMs = performance.now()
  victim.process.kill('SIGSTOP')
  // Pinged after half a second of silence.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const isLate = performance.now() - stoppedMs >= GIVEN_UP_MS
  victim.process.kill('SIGKILL')
  await t.throwsAsync(asked, { code: 'UNREACHABLE' })
  await until(() => gone.length > 0)
  return isLate ? undefined : gone
}

test('a peer that is killed while a ping is unanswered is known to be gone', async (t) => {
  for (let times = 0; times < 4; times++) {
    const gone = await goneWhilePinged(t)
    if (gone !== undefined) return t.deepEqual(gone, [true])
  }
  return t.fail('it was killed too late each time')
})

test('a peer that stands still for a while comes back', async (t) => {
  const [a, victim] = [await aPeer(t), await aKillablePeer(t)]
  await a.dial(victim.addresses)
  victim.process.kill('SIGSTOP')
  await t.throwsAsync(a.network.request(victim.peer, want()), { code: 'UNREACHABLE' })
  victim.process.kill('SIGCONT')
  await until(() => a.routing.contacts().length === 1)
  t.deepEqual(await a.network.request(victim.peer, { type: 'heads' }), { type: 'done' })
})

test('a slow answer from a living peer is waited for', async (t) => {
  const [a, b] = [await aPeer(t), await aPeer(t)]
  b.network.handle(async () => {
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    return { type: 'done' }
  })
  await a.dial(b.addresses())
  t.deepEqual(await a.network.request(b.peerId, { type: 'heads' }), { type: 'done' })
})

test('those who had no connection to a dead peer hear of its death', async (t) => {
  const [a, b, victim] = [await aPeer(t), await aPeer(t), await aKillablePeer(t)]
  await a.dial(b.addresses())
  await a.dial(victim.addresses)
  await until(() => b.routing.contacts().length === 2)
  victim.process.kill('SIGKILL')
  await until(() => b.routing.contacts().length === 1 && a.routing.contacts().length === 1)
  t.deepEqual(
    [a, b].map(({ routing }) => routing.contacts().map(({ peer }) => peer)),
    [[b.peerId], [a.peerId]],
  )
})
