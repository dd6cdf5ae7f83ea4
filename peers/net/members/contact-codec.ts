import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../../src/ports/messages.ts'
import { readPeerId, writePeerId } from '../../../src/wire/fields.ts'
import { ByteReader, malformed } from '../../../src/wire/reader.ts'
import { ByteWriter } from '../../../src/wire/writer.ts'

/** A peer and where it listens. */
export type Introduction = { readonly peer: PeerId; readonly addresses: readonly string[] }

/** Contacts told at once. */
const MAX_TOLD = 512
const MAX_ADDRESSES = 8
const MAX_ADDRESS_BYTES = 256

export function writeIntroductions(
  writer: ByteWriter,
  introductions: readonly Introduction[],
): void {
  const told = introductions.slice(0, MAX_TOLD)
  writer.varint(told.length)
  for (const { peer, addresses } of told) {
    writePeerId(writer, peer)
    const short = addresses.filter(({ length }) => length <= MAX_ADDRESS_BYTES)
    const some = short.slice(0, MAX_ADDRESSES)
    writer.varint(some.length)
    for (const address of some) writer.byteString(address, MAX_ADDRESS_BYTES)
  }
}

export function encodeIntroductions(introductions: readonly Introduction[]): Uint8Array {
  const writer = new ByteWriter()
  writeIntroductions(writer, introductions)
  return writer.copy()
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function decodeIntroductions(bytes: Uint8Array): Introduction[] {
  const reader = new ByteReader(bytes)
  const count = reader.count(MAX_TOLD, 'contacts')
  const introductions: Introduction[] = []
  for (let i = 0; i < count; i++) {
    const peer = readRealPeerId(reader)
    const addresses: string[] = []
    const addressCount = reader.count(MAX_ADDRESSES, 'addresses')
    for (let j = 0; j < addressCount; j++) addresses.push(readAddress(reader))
    introductions.push({ peer, addresses })
  }
  reader.end()
  return introductions
}

export function writePeers(writer: ByteWriter, peers: readonly PeerId[]): void {
  const some = peers.slice(0, MAX_TOLD)
  writer.varint(some.length)
  for (const peer of some) writePeerId(writer, peer)
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function decodePeers(bytes: Uint8Array): PeerId[] {
  const reader = new ByteReader(bytes)
  const count = reader.count(MAX_TOLD, 'peers')
  const peers: PeerId[] = []
  for (let i = 0; i < count; i++) peers.push(readRealPeerId(reader))
  reader.end()
  return peers
}

/** A peer id that libp2p can parse. */
function readRealPeerId(reader: ByteReader): PeerId {
  const peer = readPeerId(reader)
  try {
    peerIdFromString(peer)
  } catch (cause) {
    throw Object.assign(malformed('a peer id that is none'), { cause })
  }
  return peer
}

/** Only TCP over IP: what we dial on someone's word must be harmless. */
function readAddress(reader: ByteReader): string {
  const address = reader.byteString(MAX_ADDRESS_BYTES)
  if (!/^\/(ip4|ip6|dns|dns4|dns6)\/[0-9A-Za-z.:_-]+\/tcp\/\d{1,5}$/.test(address)) {
    throw malformed('an address that is none')
  }
  return address
}
