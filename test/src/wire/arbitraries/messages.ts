// Whole requests and replies.
import fc from 'fast-check'
import type { Answer, Identity, Reply, Request, Want } from '../../../../src/ports/messages.ts'
import {
  attributes,
  byteString,
  count,
  epoch,
  finite,
  inode,
  is,
  path,
  peerId,
  stamp,
  volume,
} from './basics.ts'
import { bytes, caller, change, handle } from './changes.ts'
import { dirtyAnswer, dirtyQuestion } from './dirty.ts'
import { heatAnswer, heatQuestion } from './heat.ts'
import { leaseAnswer, leaseQuestion } from './leases.ts'
import { lockAnswer, lockQuestion } from './locks.ts'
import { head, notice, rumor, told, traceName } from './rumors.ts'

const which = {
  volume,
  kind: fc.constantFrom('page' as const, 'data' as const, 'xattrs' as const),
  inode,
  index: count,
  splits: fc.nat(1_048_576),
}
const identity: fc.Arbitrary<Identity> = fc.record(which)

const want: fc.Arbitrary<Want> = fc.record({
  ...which,
  path,
  version: finite,
  floor: stamp,
  reach: fc.constantFrom('climb', 'held', 'source'),
})

const block = fc.record({
  stamp,
  version: finite,
  checksum: finite,
  bytes: fc.uint8Array({ maxLength: 200 }),
})

const made = fc.record(
  { news: fc.array(told, { maxLength: 4 }), handle, count, offset: count, bytes },
  { requiredKeys: ['news'] },
)
export const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: is('change'),
      volume,
      session: count,
      number: count,
      caller,
      change,
    }),
  },
  fc.record({ type: is('changes'), volume }),
  { weight: 3, arbitrary: want.map((one): Request => ({ type: 'want', want: one })) },
  fc.record({ type: is('holding'), keys: fc.array(byteString(32, 32), { maxLength: 9 }) }),
  fc.record({ type: is('describe'), volume }),
  fc
    .tuple(peerId, epoch, fc.integer({ min: 1, max: 1e12 }), fc.nat(1e12))
    .map(([publisher, life, from, more]): Request => {
      return { type: 'repair', publisher, epoch: life, from, to: from + more }
    }),
  fc.constant<Request>({ type: 'heads' }),
  fc.record({
    type: is('warm'),
    volume,
    paths: fc.array(path, { maxLength: 5 }),
    trace: traceName,
  }),
  fc.constant<Request>({ type: 'traces' }),
  fc.record({ type: is('trace'), volume, name: traceName }),
  lockQuestion.map((question): Request => ({ type: 'lock', question })),
  leaseQuestion.map((question): Request => ({ type: 'lease', question })),
  heatQuestion.map((question): Request => ({ type: 'heat', question })),
  dirtyQuestion.map((question): Request => ({ type: 'dirty', question })),
  fc.record({ type: is('keep'), of: identity, block }),
)

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ type: is('block'), block }),
  fc.record({
    type: is('block'),
    block,
    news: fc.array(told, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: is('busy'), referrals: fc.array(peerId, { maxLength: 16 }) }),
  fc.constant<Answer>({ type: 'missing' }),
  fc.record({ type: is('changed'), attributes, stamp }),
)

export const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 3, arbitrary: answer.map((one): Reply => ({ type: 'answer', answer: one })) },
  fc.record({ type: is('held'), held: fc.array(fc.boolean(), { maxLength: 40 }) }),
  fc.record({
    type: is('description'),
    description: fc.record({
      volume,
      blockBytes: fc.integer({ min: 1, max: 4_194_304 }),
      hasSource: fc.boolean(),
    }),
  }),
  fc.record({ type: is('rumors'), rumors: fc.array(rumor, { maxLength: 4 }) }),
  fc.record({ type: is('heads'), heads: fc.array(head, { maxLength: 9 }) }),
  fc.record({ type: is('traces'), traces: fc.array(notice, { maxLength: 4 }) }),
  fc.constant<Reply>({ type: 'done' }),
  fc.record({ type: is('made'), epoch: fc.maxSafeNat(), made }),
  lockAnswer.map((one): Reply => ({ type: 'lock', answer: one })),
  leaseAnswer.map((one): Reply => ({ type: 'lease', answer: one })),
  heatAnswer.map((one): Reply => ({ type: 'heat', answer: one })),
  dirtyAnswer.map((one): Reply => ({ type: 'dirty', answer: one })),
  fc.record({
    type: is('failed'),
    code: fc.constantFrom('EIO', 'UNREACHABLE', 'UNKNOWN_VOLUME'),
    message: fc.string({ maxLength: 50 }),
  }),
)
