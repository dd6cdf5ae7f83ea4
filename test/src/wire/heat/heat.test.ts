import test from 'ava'
import type { InodeRate, PinnedFile } from '../../../../src/ports/heat/heat-messages.ts'
import { decodeGossip, encodeGossip } from '../../../../src/wire/gossip.ts'
import { encodeReply } from '../../../../src/wire/reply.ts'
import { decodeRequest, encodeRequest } from '../../../../src/wire/request.ts'

const RATE: InodeRate = { inode: '7', path: 'a/b', perSecond: 1.5 }
const FILE: PinnedFile = { ...RATE, size: 300, version: 9, copies: 2 }

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** An inode, a path, and 1.5 as a double. */
const RATE_HEX = `${'0137'}${'03612f62'}${'000000000000f83f'}`

test('the bytes of heat stay what they are', (t) => {
  const rates = { step: 'rates', volume: 'v', rates: [RATE] } as const
  t.is(hex(encodeRequest({ type: 'heat', question: rates })), `0b00${'0176'}01${RATE_HEX}`)
  t.is(hex(encodeRequest({ type: 'heat', question: { step: 'wishes' } })), '0b01')
  const answer = { step: 'rates', perSecond: [1.5] } as const
  t.is(hex(encodeReply({ type: 'heat', answer }).head), '0e0001000000000000f83f')
  const news = { step: 'pins', volume: 'v', cause: 'wish', forMs: 300, files: [FILE] } as const
  const pins = `${'0176'}01${'ac02'}01${RATE_HEX}${'ac02'}${'0000000000002240'}02`
  t.is(hex(encodeGossip({ type: 'heat', publisher: '12D3', news })), `03${'0431324433'}00${pins}`)
  const wish = { volume: 'v', path: 'a', isPinned: true, wishedMs: 9 }
  t.is(
    hex(encodeGossip({ type: 'heat', publisher: '12D3', news: { step: 'wish', wish } })),
    `03${'0431324433'}01${'0176'}${'0161'}01${'0000000000002240'}`,
  )
})

test('a rate that can not be added up, and a path that leaves the volume, are refused', (t) => {
  const sent = (rate: Partial<InodeRate>) => {
    const rates = [{ ...RATE, ...rate }]
    return encodeRequest({ type: 'heat', question: { step: 'rates', volume: 'v', rates } })
  }
  t.notThrows(() => decodeRequest(sent({})))
  for (const perSecond of [-1, 1e13, Number.NaN, Infinity]) {
    t.throws(() => decodeRequest(sent({ perSecond })), { code: 'MALFORMED' })
  }
  t.throws(() => decodeRequest(sent({ path: '../b' })), { code: 'MALFORMED' })
  t.throws(() => decodeRequest(sent({ inode: 'x' })), { code: 'MALFORMED' })
})

test('more rates or pins than a message may have are neither sent nor taken', (t) => {
  const rates = Array<InodeRate>(257).fill(RATE)
  const question = { step: 'rates', volume: 'v', rates } as const
  t.throws(() => encodeRequest({ type: 'heat', question }), { code: 'TOO_LARGE' })
  const news = { step: 'pins', volume: 'v', cause: 'heat', forMs: 0 } as const
  const told = (files: readonly PinnedFile[]) =>
    encodeGossip({ type: 'heat', publisher: '12D3', news: { ...news, files } })
  t.throws(() => told(Array<PinnedFile>(257).fill(FILE)), { code: 'TOO_LARGE' })
  const bytes = Buffer.from(told([]))
  // A pin for longer than an hour, and a list that is longer than the message.
  bytes[bytes.length - 1] = 0x7f
  t.throws(() => decodeGossip(bytes), { code: 'MALFORMED' })
})
