// What writers, keepers of copies and readers ask and tell each other about dirty bytes.
import fc from 'fast-check'
import type { DirtyAnswer, DirtyQuestion } from '../../../../src/ports/dirty/dirty-messages.ts'
import type { DirtyNews } from '../../../../src/ports/messages.ts'
import { count, inode, is, path, peerId, stamp, volume } from './basics.ts'
import { bytes } from './changes.ts'

const of = { session: count, volume }
const number = fc.nat(0xffff_ffff)

export const dirtyQuestion: fc.Arbitrary<DirtyQuestion> = fc.oneof(
  fc.record({ step: fc.constantFrom('begin', 'renew', 'alive'), ...of }),
  fc.record({
    step: is('keep'),
    ...of,
    inode,
    path,
    sequence: count,
    from: fc.nat(1e12),
    uid: number,
    gid: number,
    writtenMs: count,
    bytes,
  }),
  fc.record({ step: is('drop'), ...of, inode, through: count }),
  fc.record({ step: is('recall'), ...of, inode, by: peerId }),
)

export const dirtyAnswer: fc.Arbitrary<DirtyAnswer> = fc.oneof(
  fc.record({ type: is('kept') }),
  fc.record({ type: is('refused'), why: fc.constantFrom('full', 'taken', 'unknown') }),
  fc.record({ type: is('clean'), stamp }),
)

const said = { type: is('dirty'), by: peerId, session: count }

export const dirtyNews: fc.Arbitrary<DirtyNews> = fc.oneof(
  fc.record({ ...said, isDirty: fc.boolean() }),
  fc.record({ ...said, isDirty: fc.constant(true), copy: peerId }),
)
