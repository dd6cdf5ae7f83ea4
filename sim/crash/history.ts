import { codeOf } from '../../src/base/errors.ts'
import type { Log } from '../../src/log/log.ts'

const KIND = 1

/** What one commit was to do: key to the number in its payload, 0 for a deletion. */
export type Intended = ReadonlyMap<string, number>

type Committed = { readonly version: number; readonly changes: Intended }

/** What was found under a key: the number in the payload, and the record's version. */
export type FoundValue = { readonly id: number; readonly version: number }

/** A payload that tells its number and can't be mistaken for another one's. */
export function payloadOf(id: number, length: number): Buffer {
  const payload = Buffer.alloc(Math.max(8, length), id & 0xff)
  payload.writeUInt32LE(id, 0)
  payload.writeUInt32LE(payload.length, 4)
  return payload
}

/** The number of a payload; undefined where its bytes are not as they were written. */
export function idOf(payload: Buffer): number | undefined {
  if (payload.length < 8 || payload.readUInt32LE(4) !== payload.length) return undefined
  const id = payload.readUInt32LE(0)
  return payload.subarray(8).every((byte) => byte === (id & 0xff)) ? id : undefined
}

/** All that was committed, what of it is promised to survive, and whether what is found is possible. */
export class History {
  readonly keys = Array.from({ length: 40 }, (_, i) => `key ${i} ${'x'.repeat((i * 37) % 90)}`)
  #committed: Committed[] = []
  /** Begun, not acknowledged: it may be there or not. */
  readonly #open = new Set<Intended>()
  /** By number, the key that it was ever to be written to. */
  readonly #begun = new Map<number, string>()
  #durable = 0
  #written = 0
  #ids = 0
  commits = 0
  /** Reads that said so. */
  damaged = 0

  newId(): number {
    this.#ids += 1
    return this.#ids
  }

  begin(changes: Intended): void {
    this.#open.add(changes)
    for (const [key, id] of changes) this.#begun.set(id, key)
  }

  /** Nothing of it was done. */
  refuse(changes: Intended): void {
    this.#open.delete(changes)
  }

  done(changes: Intended, version: number): void {
    this.#open.delete(changes)
    if (changes.size > 0) this.#committed.push({ version, changes })
    this.commits += 1
  }

  /** The disk was full: what was acknowledged in memory only, from this version on, is gone. */
  takenBack(version: number): void {
    this.#committed = this.#committed.filter((commit) => commit.version < version)
  }

  get newest(): number {
    return this.#committed.reduce((most, { version }) => Math.max(most, version), 0)
  }

  /** Everything up to this version outlives the machine. */
  durable(version = this.newest): void {
    this.#durable = Math.max(this.#durable, version)
  }

  /** Everything up to this version outlives the process. */
  wrote(version: number): void {
    this.#written = Math.max(this.#written, version)
  }

  /** The process dies, and only it. */
  written(): void {
    this.durable(this.#written)
  }

  /** @param isRotten what is damaged is left out, and counted */
  async read(log: Log, isRotten = false): Promise<Map<string, FoundValue>> {
    const found = new Map<string, FoundValue>()
    for (const name of this.keys) {
      const record = await log.read(log.key(KIND, Buffer.from(name))).catch((error: unknown) => {
        if (!isRotten || codeOf(error) !== 'CORRUPT') throw error
        this.damaged += 1
        return undefined
      })
      if (record === undefined) continue
      const id = idOf(record.payload)
      found.set(name, { id: id ?? -1, version: record.version })
    }
    return found
  }

  /** Problems of what was found after a crash; it is the state from which the next life goes on. */
  judge(found: ReadonlyMap<string, FoundValue>): string[] {
    this.#learn(found)
    const commits = this.#committed.toSorted((a, b) => a.version - b.version)
    const state = new Map<string, number>()
    const differences: string[] = []
    for (let i = 0; i <= commits.length; i++) {
      const from = commits[i - 1]
      for (const [key, id] of from?.changes ?? []) state.set(key, id)
      const isPromised = (commits[i]?.version ?? Infinity) > this.#durable
      if (!isPromised) continue
      const difference = this.#differ(state, found)
      if (difference === undefined) return this.#goOn(state)
      differences.push(`${from?.version ?? 0}: ${difference}`)
    }
    return [`no commit from ${this.#durable} on gives what was found; ${differences.join('; ')}`]
  }

  /**
   * Problems of what was found on a disk that rots: what is damaged is said to be, and may have taken
   * the newest with it, but nothing else is ever given out than what was once written to the key.
   */
  judgeRotten(found: ReadonlyMap<string, FoundValue>): string[] {
    const wrong = [...found].filter(([key, { id }]) => this.#begun.get(id) !== key)
    return wrong.map(
      ([key, { id }]) => `"${key.slice(0, 6)}" is ${id}, which was never written there`,
    )
  }

  /** Commits that nobody heard the end of, but that are there, have happened. */
  #learn(found: ReadonlyMap<string, FoundValue>): void {
    for (const changes of this.#open) {
      for (const [key, id] of changes) {
        const there = found.get(key)
        if (there?.id !== id) continue
        this.#committed.push({ version: there.version, changes })
        break
      }
    }
    this.#open.clear()
  }

  #differ(
    state: ReadonlyMap<string, number>,
    found: ReadonlyMap<string, FoundValue>,
  ): string | undefined {
    for (const key of this.keys) {
      const [expected, there] = [state.get(key) ?? 0, found.get(key)?.id ?? 0]
      if (expected !== there) return `"${key.slice(0, 6)}" is ${there}, not ${expected}`
    }
    return undefined
  }

  /** What was found is what the next life begins with, before its first commit. */
  #goOn(state: ReadonlyMap<string, number>): string[] {
    this.#committed = [{ version: 0, changes: new Map(state) }]
    this.#durable = 0
    this.#written = 0
    return []
  }
}
