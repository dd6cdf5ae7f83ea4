import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { PotluckError } from '../../src/base/errors.ts'
import type { DiskFile } from '../../src/ports/disk.ts'
import { CachedReader, diskFailure, punchHole } from './calls.ts'

/**
 * Up to this a write into the page cache is done in the calling thread: 4 KiB take 3 µs there, and
 * 20 to 40 by way of the thread pool.
 */
const WRITE_HERE_BYTES = 256 * 1024

/** After so long without a turn of the event loop a write waits for one: else nothing else would run. */
const MOST_TURN_MS = 2

/** While the last sync took no longer, the next one may be done in the calling thread. */
const QUICK_SYNC_MS = 1
/** One that took longer here sends so many to the pool: on a busy machine a thread that waited is late. */
const WARY_SYNCS = 64

const ZEROS = Buffer.alloc(1 << 20)

export type RealFileInit = {
  readonly handle: FileHandle
  readonly sizeBytes: number
  /** The thread has nothing more important to do than to wait for a quick sync. */
  readonly syncsHere: boolean
}

/** A file of fixed size on a real file system. */
export class RealFile implements DiskFile {
  readonly sizeBytes: number
  readonly #handle: FileHandle
  readonly #cached = new CachedReader()
  readonly #syncsHere: boolean
  /** What the last one took. */
  #syncMs = Infinity
  /** So many more are not done here. */
  #wary = 0
  #isOpen = true
  #turnBegan: number | undefined

  constructor({ handle, sizeBytes, syncsHere }: RealFileInit) {
    this.#handle = handle
    this.sizeBytes = sizeBytes
    this.#syncsHere = syncsHere
  }

  readNow(at: number, into: Uint8Array): boolean {
    this.#check(at, into.length)
    return this.#cached.read(this.#handle.fd, at, into)
  }

  async read(at: number, into: Uint8Array): Promise<void> {
    this.#check(at, into.length)
    let filled = 0
    while (filled < into.length) {
      const left = into.length - filled
      const { bytesRead } = await this.#handle
        .read(into, filled, left, at + filled)
        .catch((cause: unknown) => {
          throw diskFailure(`reading ${left} bytes at ${at + filled}`, cause)
        })
      if (bytesRead === 0) throw new PotluckError('EIO', `the file ends at ${at + filled}`)
      filled += bytesRead
    }
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    this.#check(at, bytes.length)
    let written = 0
    while (written < bytes.length) written += await this.#writeSome(at + written, bytes, written)
    if (this.#turnMs() > MOST_TURN_MS) await new Promise((resolve) => setImmediate(resolve))
  }

  /**
   * How long the event loop has been at one turn, as far as it was seen here. Writes that are done in
   * this thread answer without one, and who waits for nothing else would never let it turn.
   */
  #turnMs(): number {
    const now = performance.now()
    if (this.#turnBegan === undefined) {
      this.#turnBegan = now
      setImmediate(() => (this.#turnBegan = undefined))
    }
    return now - this.#turnBegan
  }

  async #writeSome(at: number, bytes: Uint8Array, from: number): Promise<number> {
    const left = bytes.length - from
    try {
      if (left <= WRITE_HERE_BYTES) return fs.writeSync(this.#handle.fd, bytes, from, left, at)
      return (await this.#handle.write(bytes, from, left, at)).bytesWritten
    } catch (cause) {
      throw diskFailure(`writing ${left} bytes at ${at}`, cause)
    }
  }

  async sync(): Promise<void> {
    this.#check(0, 0)
    const from = performance.now()
    await this.#handle.datasync().catch((cause: unknown) => {
      throw diskFailure('fdatasync', cause)
    })
    this.#syncMs = performance.now() - from
    this.#wary = Math.max(0, this.#wary - 1)
  }

  /** 0.15 ms where the way to the thread pool and back makes it 0.2: see QUICK_SYNC_MS. */
  syncNow(): boolean {
    this.#check(0, 0)
    if (!this.#syncsHere || this.#wary > 0 || this.#syncMs > QUICK_SYNC_MS) return false
    const from = performance.now()
    try {
      fs.fdatasyncSync(this.#handle.fd)
    } catch (cause) {
      throw diskFailure('fdatasync', cause)
    }
    this.#syncMs = performance.now() - from
    if (this.#syncMs > QUICK_SYNC_MS) this.#wary = WARY_SYNCS
    return true
  }

  async punch(at: number, length: number): Promise<void> {
    this.#check(at, length)
    if (await punchHole(this.#handle.fd, at, length)) return
    for (let done = 0; done < length; done += ZEROS.length) {
      await this.write(at + done, ZEROS.subarray(0, Math.min(ZEROS.length, length - done)))
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#handle.close()
  }

  #check(at: number, length: number): void {
    if (!this.#isOpen) throw new PotluckError('CLOSED', 'the file is closed')
    assert(at >= 0 && at + length <= this.sizeBytes, `${length} bytes at ${at} are not in the file`)
  }
}
