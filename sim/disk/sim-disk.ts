// A simulated disk: what a device may do to a log short of lying about a sync. Writes go to a cache
// that reads see at once; a sync makes them durable; a crash keeps, loses or tears each sector that
// was written since, whatever the order of the writes. Besides, a durable sector may rot.
//
// It must never lose a sector that was synced, unless told to rot it, nor let a crash be noticed
// before it came: a test that finds a loss must be able to blame the log.
import { PotluckError } from '../../src/base/errors.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Disk, DiskFile, DiskFileInit } from '../../src/ports/disk.ts'
import type { Random } from '../../src/ports/random.ts'
import { Platter } from './platter.ts'
import { SimFile } from './sim-file.ts'

export const SECTOR_BYTES = 4096

/** Probabilities are per call. */
export type DiskFaults = {
  readonly readFails: number
  readonly writeFails: number
  readonly syncFails: number
  /** That a sync is answered and does nothing: for the canary of the tests, no log survives it. */
  readonly syncLies: number
  /** That a sync is done at once where that will do. */
  readonly syncsNow: number
  /** That a read has to wait, as where the page cache has it not. */
  readonly isCold: number
  /** Bytes that may be allocated in all; writes beyond fail with ENOSPC. */
  readonly capacityBytes: number
}

export const NO_DISK_FAULTS: DiskFaults = {
  readFails: 0,
  writeFails: 0,
  syncFails: 0,
  syncLies: 0,
  syncsNow: 0,
  isCold: 0.3,
  capacityBytes: Infinity,
}

export type SimDiskInit = {
  readonly clock: Clock
  readonly random: Random
  /** What `crash` left of an earlier one. */
  readonly platters?: ReadonlyMap<string, Platter>
}

export class SimDisk implements Disk {
  readonly sectorBytes = SECTOR_BYTES
  faults: DiskFaults = NO_DISK_FAULTS
  readonly #init: SimDiskInit
  readonly #platters: Map<string, Platter>
  readonly #open = new Set<string>()
  #isDead = false

  constructor(init: SimDiskInit) {
    this.#init = init
    this.#platters = new Map(init.platters)
  }

  async open({ name, sizeBytes }: DiskFileInit): Promise<DiskFile> {
    if (this.#open.has(name)) throw new PotluckError('EBUSY', `${name} is open already`)
    const platter = this.#platters.get(name) ?? new Platter(sizeBytes)
    if (platter.sizeBytes !== sizeBytes) {
      throw new PotluckError('EINVAL', `${name} has ${platter.sizeBytes} bytes, not ${sizeBytes}`)
    }
    this.#platters.set(name, platter)
    this.#open.add(name)
    return new SimFile(platter, {
      clock: this.#init.clock,
      random: this.#init.random,
      faults: () => this.faults,
      isDead: () => this.#isDead,
      allocatedBytes: () => this.allocatedBytes,
      closed: () => this.#open.delete(name),
    })
  }

  get openFiles(): number {
    return this.#open.size
  }

  get allocatedBytes(): number {
    let bytes = 0
    for (const platter of this.#platters.values()) bytes += platter.allocatedBytes
    return bytes
  }

  /** The machine dies: calls under way never answer. The disk that is found afterwards. */
  crash(): SimDisk {
    this.#isDead = true
    const left = [...this.#platters].map(
      ([name, platter]) => [name, platter.afterCrash(this.#init.random)] as const,
    )
    return new SimDisk({ ...this.#init, platters: new Map(left) })
  }

  /** The process dies, and the machine goes on: what was written is there, synced or not. */
  kill(): SimDisk {
    this.#isDead = true
    return new SimDisk({ ...this.#init, platters: this.#platters })
  }

  /** Flips one bit of a durable sector drawn at random. @returns where, undefined if there is none */
  rot(): { readonly name: string; readonly at: number } | undefined {
    const names = [...this.#platters.keys()]
    const name = names[Math.floor(this.#init.random.next() * names.length)]
    const at = name === undefined ? undefined : this.#platters.get(name)?.rot(this.#init.random)
    return name === undefined || at === undefined ? undefined : { name, at }
  }
}
