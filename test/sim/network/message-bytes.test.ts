import test from 'ava'
import type { Gossip, Reply, Request } from '../../../src/ports/messages.ts'
import { encodeGossip } from '../../../src/wire/gossip.ts'
import { encodeReply } from '../../../src/wire/reply.ts'
import { encodeRequest } from '../../../src/wire/request.ts'
import { gossipBytes, replyBytes, requestBytes } from '../../../sim/network/message-bytes.ts'

const PEER = '12D3KooWJ6pCkRk3cPTUGvcwRzZ3xNkpzFvvGmkKUMsFSVxC8AfE'
const STAMP = 1_700_000_000_000 * 4096
const KEY = 'k'.repeat(32)

const volume = 'data@1048576'
const about = { volume, inode: '123456789' }
const rumor = {
  publisher: PEER,
  epoch: 7,
  number: 42,
  invalidations: Array.from({ length: 50 }, () => ({ ...about, stamp: STAMP })),
}

const member = { peer: PEER, epoch: 1_700_000_000_000 }
const ROLL = { founder: member, number: 3, keepers: [member, member], previous: [member] }
const RANGE = { kind: 'write', from: 0, to: 99, owner: 7n, pid: 4_711, isFlock: false } as const
const RECORD = { holder: member, ...about, locks: [RANGE, RANGE] }
const RATE = { inode: '123456789', path: 'lib/python3.11/os.py', perSecond: 1.25 }
const LOCKING = { ...about, epoch: member.epoch, session: 2 ** 40, sequence: 300 }

/** Within a half and 32 bytes: what is estimated is the small part of the traffic. */
const isNear = (estimate: number, real: number) =>
  Math.abs(estimate - real) <= Math.max(32, real / 2)

const notice = {
  volume,
  name: 'python3-0f0f0f0f',
  recordedMs: 1.7e12,
  bytes: 40_000,
  checksum: 2 ** 31,
}

const HEAD = { publisher: PEER, epoch: 7, number: 42 }
const TOLD = { told: STAMP, heads: [HEAD, HEAD], since: 0 }

test('requests are about as large as they are on the wire', (t) => {
  const path = 'lib/python3.11/site-packages/numpy/core/multiarray.py'
  const floors = { version: 2 ** 50, floor: STAMP, reach: 'climb' } as const
  const requests: Request[] = [
    { type: 'want', want: { ...about, kind: 'data', index: 3, splits: 0, path, ...floors } },
    { type: 'holding', keys: [KEY, KEY, KEY] },
    { type: 'repair', publisher: PEER, epoch: 7, from: 1, to: 9 },

    { type: 'warm', volume, paths: [path, path], trace: '' },
    { type: 'trace', volume, name: 'python3-0f0f0f0f' },
    {
      type: 'lock',
      question: { step: 'set', ...LOCKING, range: RANGE, wait: true, told: STAMP, heads: [HEAD] },
    },
    { type: 'lock', question: { step: 'vouch', epoch: 1, roll: ROLL } },
    { type: 'lock', question: { step: 'renew', epoch: 1, session: 2 ** 40 } },
    { type: 'lock', question: { step: 'claim', ...LOCKING, records: [RECORD, RECORD] } },
    { type: 'heat', question: { step: 'rates', volume, rates: [RATE, RATE, RATE] } },
    { type: 'heat', question: { step: 'wishes' } },
  ]
  for (const request of requests) {
    const real = encodeRequest(request).length
    t.true(
      isNear(requestBytes(request), real),
      `${request.type}: ${requestBytes(request)}, ${real}`,
    )
  }
})

test('replies are about as large as they are on the wire, blocks nearly to the byte', (t) => {
  const block = { stamp: STAMP, version: 2 ** 50, checksum: 1, bytes: new Uint8Array(100_000) }
  const replies: Reply[] = [
    { type: 'answer', answer: { type: 'block', block } },
    { type: 'answer', answer: { type: 'busy', referrals: [PEER, PEER] } },
    { type: 'answer', answer: { type: 'missing' } },
    { type: 'held', held: [true, false, true] },
    { type: 'rumors', rumors: [rumor] },
    { type: 'heads', heads: [HEAD, HEAD, HEAD] },
    { type: 'traces', traces: [notice, notice] },
    { type: 'failed', code: 'ENOENT', message: 'no such file: lib' },
    {
      type: 'lock',
      answer: { type: 'lease', session: 2 ** 40, forMs: 12_000, ...TOLD, refused: [] },
    },
    { type: 'heat', answer: { step: 'rates', perSecond: [1, 2, 3] } },
    { type: 'lock', answer: { type: 'roll', epoch: 1, roll: ROLL } },
    { type: 'lock', answer: { type: 'conflict', holder: PEER, range: RANGE } },
    {
      type: 'lock',
      answer: { type: 'records', leasedForMs: 0, settledInMs: 0, records: [RECORD] },
    },
  ]
  for (const reply of replies) {
    const { head: bytes, payload } = encodeReply(reply)
    const real = bytes.length + (payload?.length ?? 0)
    t.true(isNear(replyBytes(reply), real), `${reply.type}: ${replyBytes(reply)}, ${real}`)
  }
  const [whole] = replies
  t.true(whole !== undefined && Math.abs(replyBytes(whole) - 100_000) < 100)
})

test('gossip is about as large as it is on the wire', (t) => {
  const gossips: Gossip[] = [
    { type: 'rumor', rumor },
    { type: 'heartbeat', head: { publisher: PEER, epoch: 7, number: 42 } },
    { type: 'trace', publisher: PEER, notice },
  ]
  for (const gossip of gossips) {
    const real = encodeGossip(gossip).length
    t.true(isNear(gossipBytes(gossip), real), `${gossip.type}: ${gossipBytes(gossip)}, ${real}`)
  }
})
