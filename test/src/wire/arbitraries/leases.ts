// What keepers and holders of leases ask and tell each other.
import fc from 'fast-check'
import type { LeaseAnswer, LeaseQuestion } from '../../../../src/ports/leases/lease-messages.ts'
import { count, inode, is, peerId, stamp, volume } from './basics.ts'
import { roll } from './locks.ts'

const inodes = fc.array(inode, { maxLength: 5 })
const head = fc.record({ publisher: peerId, epoch: count, number: count })
const place = fc.nat(511)

export const leaseQuestion: fc.Arbitrary<LeaseQuestion> = fc.oneof(
  fc.record({
    step: is('ask'),
    epoch: count,
    roll: count,
    session: count,
    kind: fc.constantFrom(...(['shared', 'sole'] as const)),
    volume,
    inodes,
    isPatient: fc.boolean(),
  }),
  fc.record({ step: is('renew'), epoch: count, roll: count, session: count }),
  fc.record({
    step: is('recall'),
    epoch: count,
    volume,
    inode,
    turn: count,
    keeps: fc.constantFrom(...(['shared', 'nothing'] as const)),
  }),
)

export const leaseAnswer: fc.Arbitrary<LeaseAnswer> = fc.oneof(
  fc.record({
    type: is('leased'),
    session: count,
    forMs: count,
    turn: count,
    since: stamp,
    now: stamp,
    changes: fc.array(
      fc.record({ index: place, heads: fc.array(head, { maxLength: 4 }), since: stamp }),
      { maxLength: 3 },
    ),
    refused: fc.array(place, { maxLength: 5 }),
  }),
  fc.record({ type: is('given'), head }, { requiredKeys: ['type'] }),
  fc.record(
    {
      type: is('refused'),
      why: fc.constantFrom(...(['moved', 'later', 'expired', 'full'] as const)),
      roll,
    },
    { requiredKeys: ['type', 'why'] },
  ),
) as fc.Arbitrary<LeaseAnswer>
