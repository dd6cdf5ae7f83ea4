import { codeOf } from '../base/errors.ts'
import type { Block, Key } from '../ports/messages.ts'
import type { Change } from './changes.ts'
import type { Log } from './log.ts'
import type { LogKey } from './log-key.ts'

/** What outlives this process of what its RAM held: a cache on a local disk, behind the shard. */
export interface Spill {
  /** Keeps a block of a file's data, sooner or later; what there is no time or room for is not kept. */
  keep(key: Key, block: Block): void

  /** A block that was kept, unless it was damaged or has made room for others. */
  find(key: Key): Promise<Block | undefined>
}

const KIND = 16
const PART_BYTES = 512 * 1024
/** Before the first part's bytes: stamp, version, checksum, length. */
const HEAD_BYTES = 24
/** On its way to the log; what comes on top is not kept. */
const MOST_PENDING_BYTES = 32 * 1024 * 1024
/** Of what may live in the log; the oldest goes beyond it. */
const FULL = 0.95
/** What a part costs besides its bytes. */
const PART_COST_BYTES = 256

type Kept = { readonly parts: number; readonly version: number; readonly stamp: number }

/** Blocks in a log, the oldest first to go. A version ties each to a state of its file. */
export class LogSpill implements Spill {
  readonly #log: Log
  /** In the order they were kept. */
  readonly #kept = new Map<Key, Kept>()
  #pendingBytes = 0
  #turn: Promise<void> = Promise.resolve()

  /** Use `openSpill`. */
  constructor(log: Log) {
    this.#log = log
  }

  get blocks(): number {
    return this.#kept.size
  }

  /** Finds what an earlier process kept. Before anything else. */
  async load(): Promise<void> {
    const found: { key: Key; version: number }[] = []
    for (let tag: number | undefined = 0; tag !== undefined;) {
      const page: Awaited<ReturnType<Log['headsFrom']>> = await this.#log.headsFrom(tag)
      for (const { kind, key, version } of page.heads) {
        if (kind !== KIND || key[key.length - 1] !== 0) continue
        found.push({ key: Buffer.from(key.subarray(0, -1)).toString('latin1'), version })
      }
      tag = page.next
    }
    // Which version and how many parts is read when it is wanted.
    for (const { key } of found.toSorted((a, b) => a.version - b.version)) {
      this.#kept.set(key, { parts: 0, version: 0, stamp: 0 })
    }
  }

  keep(key: Key, block: Block): void {
    const { bytes, version, stamp } = block
    const held = this.#kept.get(key)
    if (version === 0 || (held?.version === version && held.stamp >= stamp)) return
    if (this.#pendingBytes + bytes.length > MOST_PENDING_BYTES) return
    this.#pendingBytes += bytes.length
    this.#turn = this.#turn
      .then(() => this.#store(key, block))
      .catch(() => {
        // A block too large for the log, or a disk that fails: the mesh has it, and the source.
        this.#kept.delete(key)
      })
      .finally(() => (this.#pendingBytes -= bytes.length))
  }

  async find(key: Key): Promise<Block | undefined> {
    if (!this.#kept.has(key)) return undefined
    try {
      const block = await this.#read(key)
      if (block === undefined) this.#kept.delete(key)
      return block
    } catch (error) {
      if (codeOf(error) === 'CLOSED') return undefined
      // Damaged: as good as not there. When it is fetched again it takes this one's place.
      this.#kept.delete(key)
      return undefined
    }
  }

  /** Resolves when what was to be kept is. */
  settled(): Promise<void> {
    return this.#turn
  }

  async #read(key: Key): Promise<Block | undefined> {
    const first = await this.#log.read(this.#partKey(key, 0))
    if (first === undefined || first.payload.length < HEAD_BYTES) return undefined
    const head = first.payload
    const length = head.readUInt32LE(20)
    const bytes = Buffer.allocUnsafeSlow(length)
    let filled = head.copy(bytes, 0, HEAD_BYTES)
    for (let part = 1; filled < length; part++) {
      const record = await this.#log.read(this.#partKey(key, part))
      // Parts of one block have one version: they were written together.
      if (record === undefined || record.version !== first.version) return undefined
      filled += record.payload.copy(bytes, filled)
    }
    const stamp = head.readDoubleLE(0)
    const version = head.readDoubleLE(8)
    return { stamp, version, checksum: head.readUInt32LE(16), bytes }
  }

  async #store(key: Key, { stamp, version, checksum, bytes }: Block): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeDoubleLE(stamp, 0)
    head.writeDoubleLE(version, 8)
    head.writeUInt32LE(checksum, 16)
    head.writeUInt32LE(bytes.length, 20)
    const whole = Buffer.concat([head, bytes])
    const changes: Change[] = []
    for (let from = 0; from < whole.length; from += PART_BYTES) {
      const payload = whole.subarray(from, from + PART_BYTES)
      changes.push({ key: this.#partKey(key, changes.length), value: { payload } })
    }
    await this.#makeRoom(whole.length + changes.length * PART_COST_BYTES)
    await this.#log.commit(changes, 'memory')
    this.#kept.delete(key)
    this.#kept.set(key, { parts: changes.length, version, stamp })
  }

  async #makeRoom(bytes: number): Promise<void> {
    for (const [key, { parts }] of this.#kept) {
      const { liveBytes, capacityBytes } = this.#log.counters()
      if (liveBytes + bytes <= capacityBytes * FULL) return
      this.#kept.delete(key)
      const count = parts > 0 ? parts : await this.#partsOf(key)
      const changes = Array.from({ length: count }, (_, i) => ({ key: this.#partKey(key, i) }))
      await this.#log.commit(changes, 'memory')
    }
  }

  async #partsOf(key: Key): Promise<number> {
    let parts = 0
    while ((await this.#log.head(this.#partKey(key, parts))) !== undefined) parts += 1
    return parts
  }

  #partKey(key: Key, part: number): LogKey {
    const bytes = Buffer.alloc(key.length + 1)
    bytes.write(key, 'latin1')
    bytes[key.length] = part
    return this.#log.key(KIND, bytes)
  }
}
