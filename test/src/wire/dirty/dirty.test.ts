import test from 'ava'
import type { DirtyQuestion } from '../../../../src/ports/dirty/dirty-messages.ts'
import { encodeGossip } from '../../../../src/wire/gossip.ts'
import { MAX_WRITE_BYTES } from '../../../../src/wire/limits.ts'
import { encodeReply } from '../../../../src/wire/reply.ts'
import { decodeRequest, encodeRequest } from '../../../../src/wire/request.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const OF = { session: 300, volume: 'v' } as const
const OF_HEX = `${'ac02'}${'0176'}`
const PIECE = {
  step: 'keep',
  ...OF,
  inode: '7',
  path: 'a/b',
  sequence: 2,
  from: 5,
  uid: 1,
  gid: 300,
  writtenMs: 9,
  bytes: Uint8Array.of(0xaa, 0xbb),
} as const

test('the bytes of messages about dirty bytes stay what they are', (t) => {
  const sent = (question: DirtyQuestion) => hex(encodeRequest({ type: 'dirty', question }))
  t.is(sent({ step: 'begin', ...OF }), `0d00${OF_HEX}`)
  t.is(sent(PIECE), `0d01${OF_HEX}${'0137'}${'03612f62'}020501${'ac02'}09${'02aabb'}`)
  t.is(sent({ step: 'drop', ...OF, inode: '7', through: 2 }), `0d02${OF_HEX}${'0137'}02`)
  t.is(
    sent({ step: 'recall', ...OF, inode: '7', by: '12D3' }),
    `0d05${OF_HEX}${'0137'}${'0431324433'}`,
  )
  t.is(hex(encodeReply({ type: 'dirty', answer: { type: 'kept' } }).head), '1000')
  const refused = { type: 'refused', why: 'taken' } as const
  t.is(hex(encodeReply({ type: 'dirty', answer: refused }).head), '100101')
  const news = { type: 'dirty', by: '12D3', session: 2, isDirty: true, copy: '12D4' } as const
  const invalidation = { volume: 'v', inode: '7', stamp: 9, news }
  const rumor = { publisher: '12D3', epoch: 1, number: 1, invalidations: [invalidation] }
  const told = `${'0176'}${'0137'}${'0000000000002240'}0600${'0431324433'}02${'0431324434'}`
  t.true(hex(encodeGossip({ type: 'rumor', rumor })).endsWith(told))
})

test('a piece that leaves the volume, is too long, or lies past all offsets is refused', (t) => {
  const sent = (piece: Partial<typeof PIECE | { path: string; from: number; bytes: Uint8Array }>) =>
    encodeRequest({ type: 'dirty', question: { ...PIECE, ...piece } as DirtyQuestion })
  t.notThrows(() => decodeRequest(sent({})))
  t.throws(() => decodeRequest(sent({ path: '../b' })), { code: 'MALFORMED' })
  const last = { from: Number.MAX_SAFE_INTEGER - 1 }
  t.throws(() => decodeRequest(sent(last)), { code: 'MALFORMED' })
  const long = { bytes: new Uint8Array(MAX_WRITE_BYTES + 1) }
  t.throws(() => sent(long), { code: 'TOO_LARGE' })
})
