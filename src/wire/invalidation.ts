import type { DirtyNews, Invalidation, News, NewsEntry } from '../ports/messages.ts'
import * as fields from './fields.ts'
import * as limits from './limits.ts'
import { type ByteReader, malformed } from './reader.ts'
import type { ByteWriter } from './writer.ts'

// What an invalidation says besides; the order is the encoding: append only, with a new WIRE_VERSION.
const SAYS = [
  'nothing',
  'absent',
  'present',
  'link',
  'attributes',
  'content',
  'dirty',
  'dirty-alone',
  'clean',
] as const

export function writeInvalidation(writer: ByteWriter, invalidation: Invalidation): void {
  const { news } = invalidation
  fields.writeVolume(writer, invalidation.volume)
  fields.writeInode(writer, invalidation.inode)
  writer.f64(invalidation.stamp)
  fields.writeChoice(writer, SAYS, whatItSays(news))
  if (news !== undefined) writer.varint(invalidation.tookMs ?? 0)
  if (news?.type === 'attributes') fields.writeAttributes(writer, news.attributes)
  if (news?.type === 'dirty') writeDirty(writer, news)
  if (news?.type !== 'name') return
  writer.byteString(news.name, limits.MAX_NAME_BYTES)
  fields.writePeerId(writer, news.by)
  writer.f64(news.changed.ctimeSeconds)
  writer.u32(news.changed.ctimeNanos)
  if (news.entry === undefined) return
  fields.writeAttributes(writer, news.entry.attributes)
  const { target } = news.entry
  if (target !== undefined) writer.byteString(target, limits.MAX_PATH_BYTES)
}

function writeDirty(writer: ByteWriter, { by, session, copy, isDirty }: DirtyNews): void {
  fields.writePeerId(writer, by)
  writer.varint(session)
  if (isDirty && copy !== undefined) fields.writePeerId(writer, copy)
}

function whatItSays(news: News | undefined): (typeof SAYS)[number] {
  if (news === undefined) return 'nothing'
  if (news.type === 'attributes') return news.isContent ? 'content' : 'attributes'
  if (news.type === 'dirty') return sayDirty(news)
  if (news.entry === undefined) return 'absent'
  return news.entry.target === undefined ? 'present' : 'link'
}

function sayDirty({ copy, isDirty }: DirtyNews): (typeof SAYS)[number] {
  if (!isDirty) return 'clean'
  return copy === undefined ? 'dirty-alone' : 'dirty'
}

export function readInvalidation(reader: ByteReader): Invalidation {
  const volume = fields.readVolume(reader)
  const inode = fields.readInodeOrAll(reader)
  const stamp = fields.readStamp(reader)
  const says = fields.readChoice(reader, SAYS, 'news')
  if (says === 'nothing') return { volume, inode, stamp }
  if (inode === '*') throw malformed('news of a whole volume')
  const tookMs = reader.varint()
  const news = readNews(reader, says)
  return { volume, inode, stamp, ...(tookMs > 0 && { tookMs }), news }
}

function readNews(reader: ByteReader, says: (typeof SAYS)[number]): News {
  if (says === 'attributes' || says === 'content') {
    const attributes = fields.readAttributes(reader)
    return { type: 'attributes', attributes, isContent: says === 'content' }
  }
  if (says === 'dirty' || says === 'dirty-alone' || says === 'clean') {
    const dirty = {
      type: 'dirty',
      by: fields.readPeerId(reader),
      session: reader.varint(),
    } as const
    if (says !== 'dirty') return { ...dirty, isDirty: says === 'dirty-alone' }
    return { ...dirty, isDirty: true, copy: fields.readPeerId(reader) }
  }
  const name = fields.readName(reader)
  const by = fields.readPeerId(reader)
  const changed = readTime(reader)
  if (says === 'absent') return { type: 'name', name, by, changed }
  return { type: 'name', name, by, changed, entry: readEntry(reader, says === 'link') }
}

function readTime(reader: ByteReader) {
  const time = { ctimeSeconds: reader.f64(), ctimeNanos: reader.u32() }
  const isTime = Number.isSafeInteger(time.ctimeSeconds) && time.ctimeNanos < 1e9
  if (!isTime) throw malformed('a change has no time')
  return time
}

function readEntry(reader: ByteReader, isLink: boolean): NewsEntry {
  const attributes = fields.readAttributes(reader)
  if (!isLink) return { attributes }
  return { attributes, target: fields.readTarget(reader) }
}
