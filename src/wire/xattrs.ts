// The extended attributes of one inode as a block: u16 length, name, u32 length, value, and so on.
import { PotluckError } from '../base/errors.ts'
import type { Name } from '../ports/messages.ts'

export function encodeXattrs(xattrs: ReadonlyMap<Name, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = []
  for (const [name, value] of xattrs) {
    const head = Buffer.allocUnsafe(2 + name.length + 4)
    head.writeUInt16LE(name.length, 0)
    head.write(name, 2, 'latin1')
    head.writeUInt32LE(value.length, 2 + name.length)
    parts.push(head, value)
  }
  return Buffer.concat(parts)
}

/** @throws PotluckError MALFORMED */
export function decodeXattrs(bytes: Uint8Array): Map<Name, Uint8Array> {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const xattrs = new Map<Name, Uint8Array>()
  try {
    for (let at = 0; at < from.length;) {
      const valueAt = at + 2 + from.readUInt16LE(at) + 4
      const end = valueAt + from.readUInt32LE(valueAt - 4)
      if (end > from.length) throw new RangeError('a value ends too early')
      const name = from.toString('latin1', at + 2, valueAt - 4)
      if (name === '' || xattrs.has(name)) throw new RangeError('no name, or one name twice')
      xattrs.set(name, from.subarray(valueAt, end))
      at = end
    }
  } catch (cause) {
    throw new PotluckError('MALFORMED', 'extended attributes are damaged', { cause })
  }
  return xattrs
}
