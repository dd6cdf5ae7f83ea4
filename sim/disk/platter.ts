import type { Random } from '../../src/ports/random.ts'

const SECTOR_BYTES = 4096

/** A sector's content; undefined is zeros. */
type Sector = Uint8Array | undefined

/** The bytes of one simulated file: what is durable, and what was written since the last sync. */
export class Platter {
  readonly sizeBytes: number
  readonly #durable: Map<number, Uint8Array>
  /** By sector, every content it was given since it was last durable, in order. */
  readonly #unsynced = new Map<number, Sector[]>()
  constructor(sizeBytes: number, durable: Map<number, Uint8Array> = new Map()) {
    this.sizeBytes = sizeBytes
    this.#durable = durable
  }

  get allocatedBytes(): number {
    let fresh = 0
    for (const sector of this.#unsynced.keys()) if (!this.#durable.has(sector)) fresh += 1
    return (this.#durable.size + fresh) * SECTOR_BYTES
  }

  /** What writing there would add to the allocated bytes. */
  newBytes(at: number, length: number): number {
    let bytes = 0
    for (let sector = at / SECTOR_BYTES; sector < (at + length) / SECTOR_BYTES; sector++) {
      if (!this.#durable.has(sector) && !this.#unsynced.has(sector)) bytes += SECTOR_BYTES
    }
    return bytes
  }

  read(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const sector = Math.floor((at + done) / SECTOR_BYTES)
      const from = at + done - sector * SECTOR_BYTES
      const length = Math.min(SECTOR_BYTES - from, into.length - done)
      const content = this.#now(sector)
      if (content === undefined) into.fill(0, done, done + length)
      else into.set(content.subarray(from, from + length), done)
      done += length
    }
  }

  write(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; done += SECTOR_BYTES) {
      // Not slice: a Buffer's is a view of it.
      const sector = Uint8Array.from(bytes.subarray(done, done + SECTOR_BYTES))
      this.#put((at + done) / SECTOR_BYTES, sector)
    }
  }

  punch(at: number, length: number): void {
    for (let done = 0; done < length; done += SECTOR_BYTES) {
      const sector = (at + done) / SECTOR_BYTES
      if (this.#now(sector) !== undefined) this.#put(sector, undefined)
    }
  }

  /** What a sync that begins now makes durable when the function returned is called. */
  beginSync(): () => void {
    const heights = new Map([...this.#unsynced].map(([sector, all]) => [sector, all.length]))
    return () => {
      for (const [sector, height] of heights) this.#settle(sector, height)
    }
  }

  /** What is found after the machine died: of each unsynced sector any state it had, or a torn one. */
  afterCrash(random: Random): Platter {
    const durable = new Map(this.#durable)
    for (const [sector, contents] of this.#unsynced) {
      const drawn = Math.floor(random.next() * (contents.length + 2))
      if (drawn === 0) continue
      const last = contents[Math.min(drawn, contents.length) - 1]
      const found = drawn > contents.length ? torn(durable.get(sector), last, random) : last
      if (found === undefined) durable.delete(sector)
      else durable.set(sector, found)
    }
    return new Platter(this.sizeBytes, durable)
  }

  /** Flips a bit of a durable sector. @returns its place in the file */
  rot(random: Random): number | undefined {
    const sectors = [...this.#durable.keys()].filter((sector) => !this.#unsynced.has(sector))
    const sector = sectors[Math.floor(random.next() * sectors.length)]
    if (sector === undefined) return undefined
    const content = Uint8Array.from(this.#durable.get(sector) ?? [])
    const byte = Math.floor(random.next() * SECTOR_BYTES)
    content[byte] = (content[byte] ?? 0) ^ (1 << Math.floor(random.next() * 8))
    this.#durable.set(sector, content)
    return sector * SECTOR_BYTES + byte
  }

  #now(sector: number): Sector {
    const unsynced = this.#unsynced.get(sector)
    return unsynced === undefined ? this.#durable.get(sector) : unsynced.at(-1)
  }

  #put(sector: number, content: Sector): void {
    const unsynced = this.#unsynced.get(sector)
    if (unsynced === undefined) this.#unsynced.set(sector, [content])
    else unsynced.push(content)
  }

  #settle(sector: number, height: number): void {
    const contents = this.#unsynced.get(sector)
    if (contents === undefined) return
    // Two syncs may overlap: the later one has then less left to do.
    const settled = contents.splice(0, Math.min(height, contents.length)).at(-1)
    if (settled === undefined) this.#durable.delete(sector)
    else this.#durable.set(sector, settled)
    if (contents.length === 0) this.#unsynced.delete(sector)
  }
}

/** Half of each, or noise: a device that loses power in the middle of a sector. */
function torn(before: Sector, after: Sector, random: Random): Uint8Array {
  const found = new Uint8Array(SECTOR_BYTES)
  if (before !== undefined) found.set(before)
  const cut = Math.floor(random.next() * SECTOR_BYTES)
  if (after !== undefined) found.set(after.subarray(0, cut))
  if (random.next() < 0.2) {
    for (let i = cut; i < SECTOR_BYTES; i += 7) found[i] = Math.floor(random.next() * 256)
  }
  return found
}
