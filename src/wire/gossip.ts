import type { Gossip, Invalidation, Rumor, RumorHead, TraceNotice } from '../ports/messages.ts'
import * as fields from './fields.ts'
import { readHeatNews, writeHeatNews } from './heat/heat.ts'
import { readInvalidation, writeInvalidation } from './invalidation.ts'
import * as limits from './limits.ts'
import { ByteReader, malformed } from './reader.ts'
import { ByteWriter, tooLarge } from './writer.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const TYPES: readonly Gossip['type'][] = ['rumor', 'heartbeat', 'trace', 'heat']

const scratch = new ByteWriter()

/** @throws PotluckError TOO_LARGE, or MALFORMED for what no peer would accept. */
export function encodeGossip(gossip: Gossip): Uint8Array {
  scratch.at = 0
  fields.writeChoice(scratch, TYPES, gossip.type)
  if (gossip.type === 'rumor') writeRumor(scratch, gossip.rumor)
  else if (gossip.type === 'heartbeat') writeHead(scratch, gossip.head)
  else {
    fields.writePeerId(scratch, gossip.publisher)
    if (gossip.type === 'trace') writeNotice(scratch, gossip.notice)
    else writeHeatNews(scratch, gossip.news)
  }
  if (scratch.at > limits.MAX_GOSSIP_BYTES) {
    throw tooLarge('a rumor', scratch.at, limits.MAX_GOSSIP_BYTES)
  }
  return scratch.copy()
}

/** @throws PotluckError MALFORMED or TOO_LARGE */
export function decodeGossip(bytes: Uint8Array): Gossip {
  if (bytes.length > limits.MAX_GOSSIP_BYTES) {
    throw tooLarge('a rumor', bytes.length, limits.MAX_GOSSIP_BYTES)
  }
  const reader = new ByteReader(bytes)
  const type = fields.readChoice(reader, TYPES, 'gossip')
  const gossip = readBody(reader, type)
  reader.end()
  return gossip
}

function readBody(reader: ByteReader, type: Gossip['type']): Gossip {
  if (type === 'rumor') return { type, rumor: readRumor(reader) }
  if (type === 'heartbeat') return { type, head: readHead(reader) }
  const publisher = fields.readPeerId(reader)
  if (type === 'trace') return { type, publisher, notice: readNotice(reader) }
  return { type, publisher, news: readHeatNews(reader) }
}

export function writeNotice(writer: ByteWriter, notice: TraceNotice): void {
  fields.writeVolume(writer, notice.volume)
  writer.text(notice.name, limits.MAX_TRACE_NAME_BYTES)
  writer.f64(notice.recordedMs)
  writer.varint(notice.bytes)
  writer.varint(notice.checksum)
}

export function readNotice(reader: ByteReader): TraceNotice {
  const volume = fields.readVolume(reader)
  const name = reader.text(limits.MAX_TRACE_NAME_BYTES)
  const recordedMs = reader.f64()
  const bytes = reader.varint()
  const checksum = reader.varint()
  return { volume, name, recordedMs, bytes, checksum }
}

export function writeHead(writer: ByteWriter, head: RumorHead): void {
  fields.writePeerId(writer, head.publisher)
  writer.varint(head.epoch)
  writer.varint(head.number)
}

/** A head's number may be 0: nothing published in this epoch yet. */
export function readHead(reader: ByteReader): RumorHead {
  const publisher = fields.readPeerId(reader)
  const epoch = reader.varint()
  const number = reader.varint()
  return { publisher, epoch, number }
}

export function writeRumor(writer: ByteWriter, rumor: Rumor): void {
  writeHead(writer, rumor)
  const { invalidations } = rumor
  if (invalidations.length > limits.MAX_INVALIDATIONS) {
    throw tooLarge('a list of invalidations', invalidations.length, limits.MAX_INVALIDATIONS)
  }
  writer.varint(invalidations.length)
  for (const one of invalidations) writeInvalidation(writer, one)
}

export function readRumor(reader: ByteReader): Rumor {
  const { publisher, epoch, number } = readHead(reader)
  if (number < 1) throw malformed('a rumor without a number')
  const count = reader.count(limits.MAX_INVALIDATIONS, 'invalidations')
  const invalidations: Invalidation[] = []
  for (let i = 0; i < count; i++) invalidations.push(readInvalidation(reader))
  return { publisher, epoch, number, invalidations }
}
