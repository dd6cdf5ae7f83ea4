import assert from 'node:assert/strict'
import { PotluckError } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/time.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { DiskFile } from '../../src/ports/disk.ts'
import type { Random } from '../../src/ports/random.ts'
import type { Platter } from './platter.ts'
import type { DiskFaults } from './sim-disk.ts'

const SECTOR_BYTES = 4096

/** Milliseconds: a flash device's. */
const READ_MS = 0.1
const WRITE_MS = 0.02
const SYNC_MS = 1

export type SimFileInit = {
  readonly clock: Clock
  readonly random: Random
  readonly faults: () => DiskFaults
  readonly isDead: () => boolean
  /** Of the whole disk. */
  readonly allocatedBytes: () => number
  readonly closed: () => void
}

export class SimFile implements DiskFile {
  readonly sizeBytes: number
  readonly #platter: Platter
  readonly #init: SimFileInit
  #isOpen = true

  constructor(platter: Platter, init: SimFileInit) {
    this.#platter = platter
    this.#init = init
    this.sizeBytes = platter.sizeBytes
  }

  readNow(at: number, into: Uint8Array): boolean {
    this.#check(at, into.length)
    const { isCold, readFails } = this.#init.faults()
    if (this.#draws(isCold) || this.#draws(readFails)) return false
    this.#platter.read(at, into)
    return true
  }

  async read(at: number, into: Uint8Array): Promise<void> {
    this.#check(at, into.length)
    await this.#pass(READ_MS)
    this.#failSometimes(this.#init.faults().readFails, 'read')
    this.#platter.read(at, into)
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    this.#check(at, bytes.length)
    assert(at % SECTOR_BYTES === 0 && bytes.length % SECTOR_BYTES === 0, 'whole sectors')
    // The crash may come in the middle: each half is in the cache at a moment of its own.
    const half = Math.ceil(bytes.length / SECTOR_BYTES / 2) * SECTOR_BYTES
    await this.#writePart(at, bytes.subarray(0, half))
    if (half < bytes.length) await this.#writePart(at + half, bytes.subarray(half))
  }

  async #writePart(at: number, bytes: Uint8Array): Promise<void> {
    await this.#pass(WRITE_MS)
    const { writeFails, capacityBytes } = this.#init.faults()
    this.#failSometimes(writeFails, 'write')
    const added = capacityBytes === Infinity ? 0 : this.#platter.newBytes(at, bytes.length)
    if (added > 0 && this.#init.allocatedBytes() + added > capacityBytes) {
      throw new PotluckError('ENOSPC', 'the simulated disk is full')
    }
    this.#platter.write(at, bytes)
  }

  async sync(): Promise<void> {
    this.#check(0, 0)
    const settle = this.#platter.beginSync()
    await this.#pass(SYNC_MS)
    this.#failSometimes(this.#init.faults().syncFails, 'sync')
    if (!this.#draws(this.#init.faults().syncLies)) settle()
  }

  syncNow(): boolean {
    this.#check(0, 0)
    if (this.#init.isDead() || !this.#draws(this.#init.faults().syncsNow)) return false
    this.#failSometimes(this.#init.faults().syncFails, 'sync')
    if (!this.#draws(this.#init.faults().syncLies)) this.#platter.beginSync()()
    return true
  }

  async punch(at: number, length: number): Promise<void> {
    this.#check(at, length)
    await this.#pass(WRITE_MS)
    this.#platter.punch(at, length)
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#init.closed()
  }

  /** Lets a call's time pass. The dead never answer. */
  async #pass(ms: number): Promise<void> {
    await sleep(this.#init.clock, ms * (0.5 + this.#init.random.next()))
    if (this.#init.isDead()) await new Promise<never>(() => {})
  }

  #failSometimes(probability: number, call: string): void {
    if (this.#draws(probability)) throw new PotluckError('EIO', `the simulated ${call} failed`)
  }

  #draws(probability: number): boolean {
    return probability > 0 && this.#init.random.next() < probability
  }

  #check(at: number, length: number): void {
    if (!this.#isOpen) throw new PotluckError('CLOSED', 'the file is closed')
    assert(at >= 0 && at + length <= this.sizeBytes, `${length} bytes at ${at} are not in the file`)
  }
}
