import { PotluckError } from '../base/errors.ts'
import { type Change, type NewValue, OWNED, OWNS } from '../log/changes.ts'
import { COMPACT } from '../log/format/record.ts'
import type { Log } from '../log/log.ts'
import type { LogRecord } from '../log/reader.ts'
import { COMPRESSED, formerKey, NOTHING, pieceKey, PIECES, valueKey } from './kinds.ts'
import type { Answer, ObjectKey, WriteOptions } from './operation.ts'
import { PIECE_BYTES, PieceTable } from './pieces.ts'
import type { Reaper } from './reaper.ts'

/** An object's bytes as they are to be stored: here, or in pieces that are in the log already. */
export type Content =
  | { readonly bytes: Uint8Array }
  | { readonly owner: number; readonly table: PieceTable }

type Former = { readonly value: LogRecord | undefined; readonly former: LogRecord | undefined }

/** Replacing, deleting, reverting: what gives a key a new value as a whole. */
export class Writing {
  readonly #log: Log
  readonly #reaper: Reaper

  constructor(log: Log, reaper: Reaper) {
    this.#log = log
    this.#reaper = reaper
  }

  /** @throws PotluckError ENOSPC: nothing was changed */
  async write(key: ObjectKey, bytes: Uint8Array, options: WriteOptions): Promise<Answer> {
    if (bytes.length <= PIECE_BYTES) return this.replace(key, { bytes }, options)
    const owner = this.#log.newNumber()
    let table = new PieceTable()
    try {
      for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
        table = await this.addPiece(owner, table, bytes.subarray(from, from + PIECE_BYTES))
      }
    } catch (error) {
      this.#reaper.drop({ key, owner, table })
      throw error
    }
    return this.replace(key, { owner, table }, options)
  }

  /** Stores a piece that nobody sees until a table with it is stored. */
  async addPiece(owner: number, table: PieceTable, bytes: Uint8Array): Promise<PieceTable> {
    const key = pieceKey(this.#log, owner, table.nextNumber)
    const value = { payload: bytes, flags: OWNED, owner }
    await this.#log.commit([{ key, value }], 'memory')
    return table.with(bytes.length)
  }

  /** Gives a key this content, or none. */
  async replace(
    key: ObjectKey,
    content: Content | undefined,
    options: WriteOptions,
  ): Promise<Answer> {
    const answer = await this.#replace(key, content, options).catch((error: unknown) => {
      this.#unused(key, content)
      throw error
    })
    if (answer.type !== 'done') this.#unused(key, content)
    return answer
  }

  async #replace(
    key: ObjectKey,
    content: Content | undefined,
    options: WriteOptions,
  ): Promise<Answer> {
    const change: Change = {
      key: valueKey(this.#log, key),
      value: content === undefined ? undefined : valueOf(content, options),
      expected: options.expected,
    }
    if (options.isRevertable !== true) {
      // The usual way: unless what is there has pieces, nobody needs to know what it is.
      const outcome = await this.#log.commit([{ ...change, spares: OWNS }], durabilityOf(options))
      if (outcome.isDone) return { type: 'done', version: outcome.version }
      if (outcome.why === 'version') return mismatch(outcome.version)
    }
    return this.#replaceKnown(key, change, options)
  }

  /** Looks first what is there, to keep it as the former version or to drop its pieces. */
  async #replaceKnown(key: ObjectKey, change: Change, options: WriteOptions): Promise<Answer> {
    for (;;) {
      const was = await this.#read(key)
      const version = was.value?.version ?? 0
      if (options.expected !== undefined && options.expected !== version) return mismatch(version)
      const changes: Change[] = [{ ...change, expected: version }]
      if (options.isRevertable === true) changes.push(this.#keep(key, was))
      const outcome = await this.#log.commit(changes, durabilityOf(options))
      if (!outcome.isDone) continue
      if (options.isRevertable === true) this.#drop(key, was.former)
      else this.#drop(key, was.value)
      return { type: 'done', version: outcome.version }
    }
  }

  /** The former version again, as a new one. */
  async revert(key: ObjectKey, options: Pick<WriteOptions, 'durability'>): Promise<Answer> {
    for (;;) {
      const was = await this.#read(key)
      const { former } = was
      if (former === undefined) return { type: 'absent' }
      const isNothing = (former.flags & NOTHING) !== 0
      const changes: Change[] = [
        {
          key: valueKey(this.#log, key),
          value: isNothing ? undefined : former,
          expected: was.value?.version ?? 0,
        },
        { key: formerKey(this.#log, key), expected: former.version },
      ]
      const outcome = await this.#log.commit(changes, durabilityOf(options))
      if (!outcome.isDone) continue
      this.#drop(key, was.value)
      return { type: 'done', version: outcome.version }
    }
  }

  /** The former version is not needed any more. */
  async release(key: ObjectKey, options: Pick<WriteOptions, 'durability'>): Promise<Answer> {
    for (;;) {
      const { former } = await this.#read(key)
      if (former === undefined) return { type: 'absent' }
      const change = { key: formerKey(this.#log, key), expected: former.version }
      const outcome = await this.#log.commit([change], durabilityOf(options))
      if (!outcome.isDone) continue
      this.#drop(key, former)
      return { type: 'done', version: outcome.version }
    }
  }

  async #read(key: ObjectKey): Promise<Former> {
    const [value, former] = await Promise.all([
      this.#log.read(valueKey(this.#log, key)),
      this.#log.read(formerKey(this.#log, key)),
    ])
    return { value, former }
  }

  #keep(key: ObjectKey, { value, former }: Former): Change {
    const nothing = { payload: new Uint8Array(0), flags: NOTHING }
    return {
      key: formerKey(this.#log, key),
      value: value ?? nothing,
      expected: former?.version ?? 0,
    }
  }

  #drop(key: ObjectKey, record: LogRecord | undefined): void {
    if (record === undefined || (record.flags & PIECES) === 0) return
    this.#reaper.drop({ key, owner: record.owner, table: PieceTable.decode(record.payload) })
  }

  #unused(key: ObjectKey, content: Content | undefined): void {
    if (content !== undefined && 'table' in content) this.#reaper.drop({ key, ...content })
  }
}

/** What a head says of its content. */
export function valueOf(content: Content, options: WriteOptions): NewValue {
  const flags =
    (options.isCompressed === true ? COMPRESSED : 0) | (options.isCompact === true ? COMPACT : 0)
  const next = options.next === undefined ? {} : { next: options.next }
  if ('bytes' in content) return { payload: content.bytes, flags, ...next }
  const { owner, table } = content
  return { payload: table.encode(), flags: flags | PIECES | OWNS, owner, ...next }
}

export function durabilityOf({ durability = 'disk' }: Pick<WriteOptions, 'durability'>) {
  return durability
}

export function mismatch(version: number): Answer {
  return { type: 'mismatch', change: 0, version }
}

/** @throws PotluckError TOO_LARGE */
export function checkSize(bytes: number, most: number): void {
  if (bytes <= most) return
  throw new PotluckError('TOO_LARGE', `${bytes} bytes; ${most} are the most`)
}
