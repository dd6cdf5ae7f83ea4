// What keepers and holders of locks ask and tell each other.
import fc from 'fast-check'
import type { LockRange } from '../../../../src/ports/changes.ts'
import type { LockAnswer, LockQuestion } from '../../../../src/ports/locks.ts'
import { count, inode, is, peerId, stamp, volume } from './basics.ts'

const member = fc.record({ peer: peerId, epoch: count })
const members = fc.array(member, { maxLength: 4 })
export const roll = fc.record({
  founder: member,
  number: fc.integer({ min: 1, max: 1e9 }),
  keepers: fc.array(member, { minLength: 1, maxLength: 4 }),
  previous: members,
})
const range: fc.Arbitrary<LockRange> = fc
  .record({
    kind: fc.constantFrom(...(['read', 'write', 'none'] as const)),
    from: fc.nat(1e12),
    length: fc.oneof(fc.nat(1e12), fc.constant(Infinity)),
    owner: fc.bigInt({ min: 0n, max: 18_446_744_073_709_551_615n }),
    pid: count,
    isFlock: fc.boolean(),
  })
  .map(({ length, ...rest }) => ({ ...rest, to: rest.from + length }))
const records = fc.array(
  fc.record({ holder: member, volume, inode, locks: fc.array(range, { maxLength: 3 }) }),
  { maxLength: 3 },
)
const head = fc.record({ publisher: peerId, epoch: count, number: count })
const heads = fc.array(head, { maxLength: 4 })
const place = { epoch: count, volume, inode }
const turn = { session: count, sequence: count }

export const lockQuestion: fc.Arbitrary<LockQuestion> = fc.oneof(
  fc.record({ step: is('roll'), epoch: count, roll }, { requiredKeys: ['step', 'epoch'] }),
  fc.record({ step: fc.constantFrom('enrol', 'vouch', 'handover'), epoch: count, roll }),
  fc.record({ step: is('complain'), roll, about: member }),
  fc.record({ step: is('prepare'), roll, ballot: count }),
  fc.record({ step: is('accept'), roll, ballot: count, next: roll }),
  fc.record({
    step: is('set'),
    ...place,
    ...turn,
    range,
    wait: fc.boolean(),
    told: stamp,
    heads,
  }),
  fc.record({ step: is('test'), ...place, range }),
  fc.constant({ step: 'tell' }),
  fc.record({ step: is('renew'), epoch: count, session: count }),
  fc.record({ step: is('claim'), epoch: count, ...turn, records }),
) as fc.Arbitrary<LockQuestion>

export const lockAnswer: fc.Arbitrary<LockAnswer> = fc.oneof(
  fc.record({ type: is('roll'), epoch: count, roll }, { requiredKeys: ['type', 'epoch'] }),
  fc.record(
    {
      type: is('vote'),
      isGiven: fc.boolean(),
      ballot: count,
      acceptedBallot: count,
      accepted: roll,
      roll,
    },
    { requiredKeys: ['type', 'isGiven', 'ballot', 'acceptedBallot'] },
  ),
  fc.record(
    {
      type: is('records'),
      settledInMs: count,
      leasedForMs: count,
      records,
      told: fc.record({ told: stamp, heads }),
    },
    { requiredKeys: ['type', 'settledInMs', 'leasedForMs', 'records'] },
  ),
  fc.record({
    type: is('lease'),
    session: count,
    forMs: count,
    told: stamp,
    heads,
    since: stamp,
    refused: fc.array(fc.nat(4_095), { maxLength: 5 }),
  }),
  fc.record({ type: is('conflict'), holder: peerId, range }),
  fc.constant({ type: 'free' }),
  fc.record({ type: is('told'), head }, { requiredKeys: ['type'] }),
  fc.record(
    {
      type: is('refused'),
      why: fc.constantFrom('moved', 'later', 'expired', 'stale', 'deadlock', 'full'),
      roll,
    },
    { requiredKeys: ['type', 'why'] },
  ),
) as fc.Arbitrary<LockAnswer>
