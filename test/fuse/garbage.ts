// Messages that are none, made out of good ones and out of nothing, and what a session does with them.
import fc from 'fast-check'
import { wantsReply } from '../../fuse/protocol/opcodes.ts'
import type { Volume } from '../../src/volume/volume.ts'
import { type Harness, type Received, settled } from './fake-device.ts'
import { make } from './requests.ts'

/** By the way in which they are broken. */
export function garbageFrom(valid: readonly Buffer[]) {
  // A valid message with some of its bits turned over.
  const flipped = fc
    .tuple(fc.constantFrom(...valid), fc.array(fc.nat(), { minLength: 1, maxLength: 8 }))
    .map(([message, places]) => {
      const bytes = Buffer.from(message)
      for (const place of places) {
        const bit = place % (bytes.length * 8)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      }
      return bytes
    })

  // A message cut off somewhere, whose header may say so.
  const truncated = fc
    .tuple(fc.constantFrom(...valid), fc.nat(), fc.boolean())
    .map(([message, at, isHonest]) => {
      const bytes = Buffer.from(message.subarray(0, at % (message.length + 1)))
      if (isHonest && bytes.length >= 4) bytes.writeUInt32LE(bytes.length, 0)
      return bytes
    })

  // Any header and any body, of the length it says.
  const headed = fc
    .tuple(fc.nat(64), fc.uint8Array({ minLength: 32, maxLength: 300 }))
    .map(([opcode, rest]) => {
      const bytes = Buffer.concat([Buffer.alloc(8), rest])
      bytes.writeUInt32LE(bytes.length, 0)
      bytes.writeUInt32LE(opcode, 4)
      return bytes
    })

  const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
  return { anything, headed, truncated, flipped }
}

type Counted = Volume & { readonly references: ReadonlyMap<number, number> }

/**
 * A sequence on one session, so that what one message leaves behind meets the next: it goes on
 * serving, answers no more than was asked, and its end gives back all that was held.
 */
export async function survivesOn<V extends Counted>(
  { device, session, send, volume }: Harness<V>,
  { messages, openIn }: { messages: readonly Buffer[]; openIn: (volume: V) => number },
): Promise<boolean> {
  for (const message of messages) await send(message)
  await settled()
  const asked = messages.filter(
    (message) => message.length >= 40 && wantsReply(message.readUInt32LE(4)),
  )
  const isServing = (await send(make.getattr({ unique: 2 ** 40 })))?.errno === 0
  session.close()
  await settled()
  const isEmpty = [...volume.references.values()].every((count) => count === 0)
  const isBounded = device.received.length <= asked.length + 1
  const isClosed = openIn(volume) === 0
  return isServing && isBounded && isEmpty && isClosed && device.received.every(isWellFormed)
}

function isWellFormed({ length, errno, body }: Received): boolean {
  return length === 16 + body.length && errno < 200 && (errno === 0 || body.length === 0)
}
