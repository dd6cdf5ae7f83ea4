import type { Attributes, Inode, Name, PeerId, VolumeDescription } from '../ports/messages.ts'
import { attributesAt, attributesLength, putAttributes } from './attributes.ts'
import * as limits from './limits.ts'
import { malformed, type ByteReader } from './reader.ts'
import { tooLarge, type ByteWriter } from './writer.ts'

const NUL = 0
const DOT = 0x2e
const SLASH = 0x2f

/** The value of a one-byte enumeration. */
export function readChoice<T>(reader: ByteReader, choices: readonly T[], what: string): T {
  const choice = choices[reader.u8()]
  if (choice === undefined) throw malformed(`unknown ${what}`)
  return choice
}

export function writeChoice<T>(writer: ByteWriter, choices: readonly T[], value: T): void {
  const index = choices.indexOf(value)
  if (index < 0) throw malformed(`unknown value ${String(value)}`)
  writer.u8(index)
}

const TRUTHS = [false, true] as const

export function readTruth(reader: ByteReader): boolean {
  return readChoice(reader, TRUTHS, 'truth value')
}

export function writeTruth(writer: ByteWriter, isSo: boolean): void {
  writer.u8(isSo ? 1 : 0)
}

/**
 * A path relative to the volume's root: no empty, '.' or '..' component, no NUL. '' is the root.
 */
export function readPath(reader: ByteReader): string {
  const length = reader.count(limits.MAX_PATH_BYTES, 'a path')
  checkPath(reader.bytes, reader.at, reader.at + length)
  return reader.fixed(length)
}

/** A name as a directory may have it. */
export function readName(reader: ByteReader): Name {
  const name = reader.byteString(limits.MAX_NAME_BYTES)
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw malformed('what is no name')
  }
  return name
}

/** The target of a symbolic link. */
export function readTarget(reader: ByteReader): string {
  const target = reader.byteString(limits.MAX_PATH_BYTES)
  if (target.includes('\0')) throw malformed('the target of a link has a NUL')
  return target
}

/** The name of an extended attribute, which may have a '/'. */
export function readXattrName(reader: ByteReader): Name {
  const name = reader.byteString(limits.MAX_NAME_BYTES)
  if (name === '' || name.includes('\0')) throw malformed('no name of an extended attribute')
  return name
}

/** A name, NUL and '/' excepted, or NAMES_ONLY; undefined where every name is wanted. */
export function readWantedName(reader: ByteReader): Name | undefined {
  const length = reader.count(limits.MAX_NAME_BYTES, 'a name')
  const name = reader.fixed(length)
  if (length === 0) return undefined
  if (name === '..' || /[/\0]/.test(name)) throw malformed('a want of what is no name')
  return name
}

/** @throws PotluckError MALFORMED unless the bytes from `from` to `to` are a path. */
export function checkPath(bytes: Uint8Array, from: number, to: number): void {
  if (from === to) return
  let start = from
  for (let i = from; i < to; i++) {
    if (bytes[i] === SLASH) {
      checkComponent(bytes, start, i)
      start = i + 1
    } else if (bytes[i] === NUL) throw malformed('a path has a NUL')
  }
  checkComponent(bytes, start, to)
}

function checkComponent(bytes: Uint8Array, start: number, end: number): void {
  const length = end - start
  if (length === 0) throw malformed('a path has an empty component')
  if (length > limits.MAX_NAME_BYTES) throw malformed('a path has a component of over 255 bytes')
  if (bytes[start] !== DOT) return
  if (length === 1 || (length === 2 && bytes[start + 1] === DOT)) {
    throw malformed("a path has a '.' or '..'")
  }
}

/** Decimal digits without leading zeros; then, for a nested mount, '@' and a path. */
export function readInode(reader: ByteReader): Inode {
  const length = reader.count(limits.MAX_INODE_BYTES, 'an inode')
  checkInode(reader.bytes, reader.at, reader.at + length)
  return reader.fixed(length)
}

function checkInode(bytes: Uint8Array, from: number, to: number): void {
  let at = from
  while (at < to && isDigit(bytes[at] as number)) at++
  const digits = at - from
  if (digits === 0 || digits > limits.MAX_INODE_DIGITS) throw malformed('an inode has no number')
  if (digits > 1 && bytes[from] === 0x30) throw malformed('an inode has a leading zero')
  if (at === to) return
  if (bytes[at] !== 0x40 || at + 1 === to) throw malformed('an inode has trailing characters')
  checkPath(bytes, at + 1, to)
}

/** An inode, or '*' for the whole volume. */
export function readInodeOrAll(reader: ByteReader): Inode {
  if (reader.bytes[reader.at] === 1 && reader.bytes[reader.at + 1] === 0x2a) {
    return reader.byteString(1)
  }
  return readInode(reader)
}

export function writeInode(writer: ByteWriter, inode: Inode): void {
  writer.byteString(inode, limits.MAX_INODE_BYTES)
}

export function readVolume(reader: ByteReader): string {
  const volume = reader.text(limits.MAX_VOLUME_BYTES)
  if (volume === '' || volume.includes('\0')) throw malformed('a volume without a name')
  return volume
}

export function writeVolume(writer: ByteWriter, volume: string): void {
  writer.text(volume, limits.MAX_VOLUME_BYTES)
}

/** Letters and digits, as every text form of a libp2p id is. */
export function readPeerId(reader: ByteReader): PeerId {
  const length = reader.count(limits.MAX_PEER_ID_BYTES, 'a peer id')
  if (length === 0) throw malformed('an empty peer id')
  for (let i = reader.at; i < reader.at + length; i++) {
    if (!isLetterOrDigit(reader.bytes[i] as number)) throw malformed('a peer id has odd characters')
  }
  return reader.fixed(length)
}

export function writePeerId(writer: ByteWriter, peer: PeerId): void {
  writer.byteString(peer, limits.MAX_PEER_ID_BYTES)
}

/** A stamp or floor: a whole number, not negative. */
export function readStamp(reader: ByteReader): number {
  const stamp = reader.f64()
  if (!Number.isSafeInteger(stamp) || stamp < 0) throw malformed('a stamp is no whole number')
  return stamp
}

/** As in a directory page. */
export function readAttributes(reader: ByteReader): Attributes {
  const { bytes } = reader
  const { attributes, end } = decodeAttributes(bytes, reader.at)
  checkInode(bytes, end - attributes.inode.length, end)
  reader.at = end
  return attributes
}

function decodeAttributes(bytes: Buffer, offset: number): ReturnType<typeof attributesAt> {
  try {
    return attributesAt(bytes, offset)
  } catch (error) {
    if (error instanceof RangeError) throw malformed(error.message)
    throw error
  }
}

export function writeAttributes(writer: ByteWriter, attributes: Attributes): void {
  const { inode } = attributes
  if (inode.length > limits.MAX_INODE_BYTES)
    throw tooLarge('an inode', inode.length, limits.MAX_INODE_BYTES)
  writer.reserve(attributesLength(attributes))
  writer.at = putAttributes(writer.bytes, writer.at, attributes)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isLetterOrDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

/** Truth values, eight to a byte. */
export function writeBits(writer: ByteWriter, bits: readonly boolean[], most: number): void {
  if (bits.length > most) throw tooLarge('a list', bits.length, most)
  writer.varint(bits.length)
  for (let i = 0; i < bits.length; i += 8) {
    let byte = 0
    for (let bit = 0; bit < 8; bit++) if (bits[i + bit] === true) byte |= 1 << bit
    writer.u8(byte)
  }
}

export function readBits(reader: ByteReader, most: number): boolean[] {
  const count = reader.varint()
  if (count > most) throw tooLarge('a list', count, most)
  const bits: boolean[] = []
  let byte = 0
  for (let i = 0; i < count; i++) {
    if (i % 8 === 0) byte = reader.u8()
    bits.push((byte & 1) === 1)
    byte >>= 1
  }
  if (byte !== 0) throw malformed('bits are left over')
  return bits
}

export function writeDescription(writer: ByteWriter, description: VolumeDescription): undefined {
  writeVolume(writer, description.volume)
  writer.varint(description.blockBytes)
  writeTruth(writer, description.hasSource)
}

export function readDescription(reader: ByteReader): VolumeDescription {
  const volume = readVolume(reader)
  const blockBytes = reader.varint()
  if (blockBytes < 1 || blockBytes > limits.MAX_BLOCK_BYTES) {
    throw malformed(`a block size of ${blockBytes}`)
  }
  return { volume, blockBytes, hasSource: readTruth(reader) }
}
