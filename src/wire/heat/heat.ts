// The bytes of what is said about heat and pins. As everywhere in `wire`: what comes in is checked here
// before anybody sees it, every list has a bound, and a rate is a number that can be added up. It must
// never accept what it would not itself encode.
import type {
  HeatAnswer,
  HeatNews,
  HeatQuestion,
  InodeRate,
  PinCause,
  PinnedFile,
  PinWish,
} from '../../ports/heat/heat-messages.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import { type ByteReader, malformed } from '../reader.ts'
import { type ByteWriter, tooLarge } from '../writer.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const QUESTIONS: readonly HeatQuestion['step'][] = ['rates', 'wishes']
const ANSWERS: readonly HeatAnswer['step'][] = ['rates', 'wishes']
const NEWS: readonly HeatNews['step'][] = ['pins', 'wish']
const CAUSES: readonly PinCause[] = ['heat', 'wish']

/** Above this no machine reads, and below it sums stay exact enough. */
const MAX_RATE = 1e12
const MAX_COPIES = 65_536
const MAX_FOR_MS = 3_600_000

type List<T> = {
  readonly most: number
  readonly write: (writer: ByteWriter, one: T) => void
}

export function writeHeatQuestion(writer: ByteWriter, question: HeatQuestion): void {
  fields.writeChoice(writer, QUESTIONS, question.step)
  if (question.step === 'wishes') return
  fields.writeVolume(writer, question.volume)
  writeList(writer, question.rates, { most: limits.MAX_RATES, write: writeRate })
}

export function readHeatQuestion(reader: ByteReader): HeatQuestion {
  const step = fields.readChoice(reader, QUESTIONS, 'question about heat')
  if (step === 'wishes') return { step }
  const volume = fields.readVolume(reader)
  return { step, volume, rates: readList(reader, limits.MAX_RATES, readRate) }
}

export function writeHeatAnswer(writer: ByteWriter, answer: HeatAnswer): void {
  fields.writeChoice(writer, ANSWERS, answer.step)
  if (answer.step === 'wishes') {
    writeList(writer, answer.wishes, { most: limits.MAX_WISHES, write: writeWish })
  } else writeList(writer, answer.perSecond, { most: limits.MAX_RATES, write: writeNumber })
}

export function readHeatAnswer(reader: ByteReader): HeatAnswer {
  const step = fields.readChoice(reader, ANSWERS, 'answer about heat')
  if (step === 'wishes') return { step, wishes: readList(reader, limits.MAX_WISHES, readWish) }
  return { step, perSecond: readList(reader, limits.MAX_RATES, readPerSecond) }
}

export function writeHeatNews(writer: ByteWriter, news: HeatNews): void {
  fields.writeChoice(writer, NEWS, news.step)
  if (news.step === 'wish') return writeWish(writer, news.wish)
  fields.writeVolume(writer, news.volume)
  fields.writeChoice(writer, CAUSES, news.cause)
  writer.varint(news.forMs)
  writeList(writer, news.files, { most: limits.MAX_PINS, write: writePinnedFile })
}

export function readHeatNews(reader: ByteReader): HeatNews {
  const step = fields.readChoice(reader, NEWS, 'news of heat')
  if (step === 'wish') return { step, wish: readWish(reader) }
  const volume = fields.readVolume(reader)
  const cause = fields.readChoice(reader, CAUSES, 'cause of a pin')
  const forMs = readBounded(reader, MAX_FOR_MS)
  return { step, volume, cause, forMs, files: readList(reader, limits.MAX_PINS, readPinnedFile) }
}

function writeRate(writer: ByteWriter, { inode, path, perSecond }: InodeRate): void {
  fields.writeInode(writer, inode)
  writer.byteString(path, limits.MAX_PATH_BYTES)
  writer.f64(perSecond)
}

function readRate(reader: ByteReader): InodeRate {
  const inode = fields.readInode(reader)
  const path = fields.readPath(reader)
  return { inode, path, perSecond: readPerSecond(reader) }
}

function writePinnedFile(writer: ByteWriter, file: PinnedFile): void {
  writeRate(writer, file)
  writer.varint(file.size)
  writer.f64(file.version)
  writer.varint(file.copies)
}

function readPinnedFile(reader: ByteReader): PinnedFile {
  const rate = readRate(reader)
  const size = reader.varint()
  const version = reader.f64()
  return { ...rate, size, version, copies: readBounded(reader, MAX_COPIES) }
}

function writeWish(writer: ByteWriter, { volume, path, isPinned, wishedMs }: PinWish): void {
  fields.writeVolume(writer, volume)
  writer.byteString(path, limits.MAX_PATH_BYTES)
  writer.u8(isPinned ? 1 : 0)
  writer.f64(wishedMs)
}

function readWish(reader: ByteReader): PinWish {
  const volume = fields.readVolume(reader)
  const path = fields.readPath(reader)
  const isPinned = fields.readTruth(reader)
  return { volume, path, isPinned, wishedMs: reader.f64() }
}

function writeNumber(writer: ByteWriter, value: number): void {
  writer.f64(value)
}

function readPerSecond(reader: ByteReader): number {
  const perSecond = reader.f64()
  if (perSecond < 0 || perSecond > MAX_RATE) throw malformed(`a rate of ${perSecond}`)
  return perSecond
}

function readBounded(reader: ByteReader, most: number): number {
  const value = reader.varint()
  if (value > most) throw malformed(`${value} is more than ${most}`)
  return value
}

function writeList<T>(writer: ByteWriter, all: readonly T[], { most, write }: List<T>): void {
  if (all.length > most) throw tooLarge('a list', all.length, most)
  writer.varint(all.length)
  for (const one of all) write(writer, one)
}

function readList<T>(reader: ByteReader, most: number, read: (reader: ByteReader) => T): T[] {
  const count = reader.count(most, 'list entries')
  const all: T[] = []
  for (let i = 0; i < count; i++) all.push(read(reader))
  return all
}
