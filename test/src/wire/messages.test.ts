import test from 'ava'
import fc from 'fast-check'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Reply } from '../../../src/ports/messages.ts'
import { decodeGossip, encodeGossip } from '../../../src/wire/gossip.ts'
import { decodeReply, encodeReply } from '../../../src/wire/reply.ts'
import { decodeRequest, encodeRequest } from '../../../src/wire/request.ts'
import { reply, request } from './arbitraries/messages.ts'
import { gossip } from './arbitraries/rumors.ts'

const RUNS = 3_000
const FUZZ_RUNS = 15_000

/** A decoder's promise: a message, or one of two errors; and a message is what it would encode. */
function survives(decode: () => unknown, encode: (message: never) => Uint8Array): boolean {
  let message: unknown
  try {
    message = decode()
  } catch (error) {
    return error instanceof PotluckError && ['MALFORMED', 'TOO_LARGE'].includes(error.code)
  }
  return encode(message as never).length > 0
}

function roundTrip(message: Reply): Reply {
  const { head, payload } = encodeReply(message)
  return decodeReply(head, payload)
}

/** One of the ways in which bytes go wrong. */
function damage(bytes: Uint8Array, how: { kind: number; at: number; bit: number }): Uint8Array {
  const at = how.at % Math.max(1, bytes.length)
  if (how.kind === 0) return bytes.slice(0, at)
  if (how.kind === 1) return Uint8Array.from([...bytes, how.at & 0xff])
  const flipped = bytes.slice()
  flipped[at] = (flipped[at] ?? 0) ^ (1 << how.bit)
  return flipped
}

const damages = fc.record({ kind: fc.nat(3), at: fc.nat(10_000), bit: fc.nat(7) })

test('every request survives encoding and decoding', (t) => {
  fc.assert(
    fc.property(request, (message) => {
      t.deepEqual(decodeRequest(encodeRequest(message)), message)
    }),
    { numRuns: RUNS },
  )
})

test('every reply survives encoding and decoding', (t) => {
  fc.assert(
    fc.property(reply, (message) => {
      const decoded = roundTrip(message)
      if (message.type !== 'failed') t.deepEqual(decoded, message)
      else t.like(decoded, { type: 'failed', code: message.code })
    }),
    { numRuns: RUNS },
  )
})

test('every gossip survives encoding and decoding', (t) => {
  fc.assert(
    fc.property(gossip, (message) => {
      t.deepEqual(decodeGossip(encodeGossip(message)), message)
    }),
    { numRuns: RUNS },
  )
})

test('random bytes are a message or a clear error', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(15), (bytes, first) => {
        // Most random first bytes are no type at all and would test little.
        if (bytes.length > 0) bytes[0] = first
        return (
          survives(() => decodeRequest(bytes), encodeRequest) &&
          survives(() => decodeGossip(bytes), encodeGossip) &&
          survives(
            () => decodeReply(bytes),
            (message) => encodeReply(message).head,
          )
        )
      }),
      { numRuns: FUZZ_RUNS },
    ),
  )
})

test('truncated, lengthened and bit-flipped messages are messages or clear errors', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.tuple(request, reply, gossip), damages, ([one, two, three], how) => {
        const { head, payload } = encodeReply(two)
        const bytes = damage(head, how)
        return (
          survives(() => decodeRequest(damage(encodeRequest(one), how)), encodeRequest) &&
          survives(
            () => decodeReply(bytes, payload),
            (message) => encodeReply(message).head,
          ) &&
          survives(() => decodeGossip(damage(encodeGossip(three), how)), encodeGossip)
        )
      }),
      { numRuns: FUZZ_RUNS },
    ),
  )
})

test('a truncated request is never taken for a whole one', (t) => {
  fc.assert(
    fc.property(request, fc.nat(), (message, cut) => {
      const bytes = encodeRequest(message)
      const error = t.throws(() => decodeRequest(bytes.subarray(0, cut % bytes.length)))
      return error instanceof PotluckError
    }),
    { numRuns: RUNS },
  )
})

test('a payload is neither copied on its way out nor on its way in', (t) => {
  const bytes = new Uint8Array(1_000)
  const block = { stamp: 1, version: 2, checksum: 3, bytes }
  const { head, payload } = encodeReply({ type: 'answer', answer: { type: 'block', block } })
  t.is(payload, bytes)
  const decoded = decodeReply(head, payload)
  t.true(decoded.type === 'answer' && decoded.answer.type === 'block')
  if (decoded.type === 'answer' && decoded.answer.type === 'block') {
    t.is(decoded.answer.block.bytes, bytes)
  }
})
