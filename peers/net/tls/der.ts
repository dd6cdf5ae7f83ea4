/** Tags of the ASN.1 types that a certificate of ours has (X.690). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** `[3] EXPLICIT`, a certificate's extensions; `[0] EXPLICIT` is its version. */
  extensions: 0xa3,
  version: 0xa0,
} as const

/** One value as it lies in its bytes: `raw` with its tag and length, `content` without. */
export type DerValue = { readonly tag: number; readonly raw: Buffer; readonly content: Buffer }

/** Encodes one value of these parts. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  if (length < 0x100) return Buffer.of(0x81, length)
  if (length < 0x1_0000) return Buffer.of(0x82, length >> 8, length & 0xff)
  throw new RangeError(`${length} bytes are too many for a value`)
}

/**
 * The values that lie one behind the other in these bytes.
 *
 * @throws RangeError where a value is cut off, or longer than 64 KiB
 */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  let at = 0
  while (at < bytes.length) {
    const value = valueAt(bytes, at)
    values.push(value)
    at += value.raw.length
  }
  return values
}

function valueAt(bytes: Buffer, at: number): DerValue {
  const first = byteAt(bytes, at + 1)
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  // An indefinite length (0x80) is not DER; more than two bytes of length is no certificate.
  if (first === 0x80 || lengthBytes > 2) throw new RangeError('a value of a wrong length')
  let length = lengthBytes === 0 ? first : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 0x100 + byteAt(bytes, at + 2 + i)
  const from = at + 2 + lengthBytes
  if (from + length > bytes.length) throw new RangeError('a value is cut off')
  const raw = bytes.subarray(at, from + length)
  return { tag: byteAt(bytes, at), raw, content: bytes.subarray(from, from + length) }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('a value is cut off')
  return byte
}
