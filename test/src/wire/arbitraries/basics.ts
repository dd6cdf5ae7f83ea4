// What the messages are made of: names, numbers within their bounds, attributes.
import fc from 'fast-check'
import type { Attributes } from '../../../../src/ports/messages.ts'

export const byteString = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'))

export const name = byteString(1, 255)
  .map((text) => text.replaceAll(/[/\0]/g, 'x'))
  .filter((text) => text !== '.' && text !== '..')

export const path = fc.array(name, { maxLength: 8 }).map((names) => names.join('/'))

export const count = fc.oneof(fc.nat(300), fc.maxSafeNat())
export const stamp = fc.maxSafeNat()
export const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
export const volume = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((text) => !/[\0\ufffd]/.test(text) && Buffer.byteLength(text) <= 255)
export const inodeNumber = fc.bigInt({ min: 0n, max: 18_446_744_073_709_551_615n }).map(String)
export const inode = fc.oneof(
  inodeNumber,
  fc
    .tuple(
      inodeNumber,
      path.filter((text) => text !== ''),
    )
    .map((parts) => parts.join('@')),
)
export const peerId = fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{1,60}$/)
export const nanos = fc.nat(999_999_999)
export const seconds = fc.maxSafeInteger()

export const attributes: fc.Arbitrary<Attributes> = fc.record({
  inode,
  type: fc.constantFrom(
    ...(['file', 'directory', 'symlink', 'fifo', 'socket', 'block', 'character'] as const),
  ),
  mode: fc.nat(0o7777),
  // As the kernel has them.
  nlink: fc.nat(0xffff_ffff),
  uid: fc.nat(0xffff_ffff),
  gid: fc.nat(0xffff_ffff),
  rdev: fc.nat(0xffff_ffff),
  size: count,
  blocks: count,
  atimeSeconds: seconds,
  atimeNanos: nanos,
  mtimeSeconds: seconds,
  mtimeNanos: nanos,
  ctimeSeconds: seconds,
  ctimeNanos: nanos,
})

export const epoch = count
export const is = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type)
