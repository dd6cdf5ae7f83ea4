// What is said about heat and pins.
import fc from 'fast-check'
import type {
  HeatAnswer,
  HeatNews,
  HeatQuestion,
  InodeRate,
  PinnedFile,
  PinWish,
} from '../../../../src/ports/heat/heat-messages.ts'
import { count, finite, inode, is, path, volume } from './basics.ts'

const perSecond = fc.double({ min: 0, max: 1e12, noNaN: true }).map((rate) => rate + 0)
const rate: fc.Arbitrary<InodeRate> = fc.record({ inode, path, perSecond })
const file: fc.Arbitrary<PinnedFile> = fc.record({
  inode,
  path,
  perSecond,
  size: count,
  version: finite,
  copies: fc.nat(65_536),
})
const wish: fc.Arbitrary<PinWish> = fc.record({
  volume,
  path,
  isPinned: fc.boolean(),
  wishedMs: finite,
})

export const heatQuestion: fc.Arbitrary<HeatQuestion> = fc.oneof(
  fc.record({ step: is('rates'), volume, rates: fc.array(rate, { maxLength: 4 }) }),
  fc.constant<HeatQuestion>({ step: 'wishes' }),
)

export const heatAnswer: fc.Arbitrary<HeatAnswer> = fc.oneof(
  fc.record({ step: is('rates'), perSecond: fc.array(perSecond, { maxLength: 4 }) }),
  fc.record({ step: is('wishes'), wishes: fc.array(wish, { maxLength: 4 }) }),
)

export const heatNews: fc.Arbitrary<HeatNews> = fc.oneof(
  fc.record({
    step: is('pins'),
    volume,
    cause: fc.constantFrom('heat', 'wish'),
    forMs: fc.nat(3_600_000),
    files: fc.array(file, { maxLength: 4 }),
  }),
  fc.record({ step: is('wish'), wish }),
)
