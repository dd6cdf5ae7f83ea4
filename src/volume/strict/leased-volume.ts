// The read side of a strict volume: nothing that is cached is used without a lease of its inode.
//
// An operation takes the leases that it needs, does what it does in any volume, and looks whether the
// leases are still the same: then what it found was so at one moment between. Else it is done again.
// What the kernel is told it may believe for a moment only, so that whoever asks a lease back never has
// to wait for the kernel's locks; that moment is waited for before the lease is given back. Pages stay
// in the kernel as long as the attributes beside them are the same.
//
// It must never let an answer out under a lease that has ended.
import { PotluckError } from '../../base/errors.ts'
import type { Held } from '../../lock/lease/held.ts'
import type { LeaseOptions } from '../../lock/lease/lease-holder.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Attributes, Inode, Name, Stamp } from '../../ports/messages.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import { ReadVolume, type ReadVolumeInit } from '../read-volume.ts'
import type { Absent, Entry, Nodeid, OpenFile, Options, Valid } from '../volume.ts'

/** What the kernel is told it may believe for so long. */
export const KERNEL_MS = 10
/** The kernel counts in ticks of up to 10 ms, and rounds up twice. */
const TICKS_MS = 20
/** An operation that finds its leases gone each time, so often, is one of too many. */
const TRIES = 64
/** So many neighbours of a name are leased with it. */
const AHEAD = 256

/** The leases of this volume. */
export type VolumeLeases = {
  here(inodes: readonly Inode[]): readonly Held[] | undefined
  take(inodes: readonly Inode[], options: LeaseOptions): Promise<readonly Held[]>
  ahead(inodes: readonly Inode[]): void
  /** What was read of an inode before must not be used under the lease of it. */
  readonly since: (inode: Inode) => Stamp
}

type Done<T> = {
  readonly value: T
  /** Inodes that it turned out to need, too. */
  readonly also?: readonly Inode[]
  readonly undo?: () => void
}

export class LeasedVolume extends ReadVolume {
  override readonly isStrict = true
  readonly #leases: VolumeLeases
  readonly #clock: Clock

  constructor(init: ReadVolumeInit, leases: VolumeLeases, clock: Clock) {
    super(init)
    this.#leases = leases
    this.#clock = clock
  }

  override async lookup(
    parent: Nodeid,
    name: Name,
    options: Options = {},
  ): Promise<Entry | Absent> {
    const directory = this.tree.record(parent)
    const known = directory.children.get(name)
    const first = known === undefined ? [directory] : [directory, known]
    const found = await this.#leased(first, options, async () => {
      const entry = await super.lookup(parent, name, options)
      if (entry.nodeid === 0) return { value: entry }
      const { inode } = this.tree.record(entry.nodeid)
      if (known?.inode !== inode) this.#leaseAround(directory, name)
      return { value: entry, also: [inode], undo: () => this.forget(entry.nodeid, 1) }
    })
    return { ...found.value, validMs: found.validMs }
  }

  override async getattr(
    nodeid: Nodeid,
    options: Options = {},
  ): Promise<Valid & { readonly attributes: Attributes }> {
    const found = await this.#leased([this.tree.record(nodeid)], options, async () => ({
      value: await super.getattr(nodeid, options),
    }))
    return { attributes: found.value.attributes, validMs: found.validMs }
  }

  override readlink(nodeid: Nodeid, options: Options = {}): Promise<string> {
    return this.#only(nodeid, options, () => super.readlink(nodeid, options))
  }

  override async open(nodeid: Nodeid, options: Options = {}): Promise<OpenFile> {
    const found = await this.#leased([this.tree.record(nodeid)], options, async () => {
      const file = await super.open(nodeid, options)
      return { value: file, undo: () => this.release(file.handle) }
    })
    return found.value
  }

  override async readSteady(
    handle: number,
    range: { from: number; length: number },
    options: Options = {},
  ): Promise<readonly Uint8Array[] | undefined> {
    const record = this.recordOf(handle)
    const found = await this.#leased([record], options, async () => {
      if (this.tree.attributesHere(record) === undefined) {
        await this.tree.attributes(record, options)
      }
      return { value: await super.readSteady(handle, range, options) }
    })
    return found.value
  }

  override async opendir(
    nodeid: Nodeid,
    options: Options & { readonly isWhole?: boolean } = {},
  ): Promise<number> {
    const found = await this.#leased([this.tree.record(nodeid)], options, async () => {
      const handle = await super.opendir(nodeid, options)
      return { value: handle, undo: () => this.releasedir(handle) }
    })
    return found.value
  }

  override getxattr(nodeid: Nodeid, name: Name, options: Options = {}): Promise<Uint8Array> {
    return this.#only(nodeid, options, () => super.getxattr(nodeid, name, options))
  }

  override listxattr(nodeid: Nodeid, options: Options = {}): Promise<readonly Name[]> {
    return this.#only(nodeid, options, () => super.listxattr(nodeid, options))
  }

  async #only<T>(nodeid: Nodeid, options: Options, work: () => Promise<T>): Promise<T> {
    const record = this.tree.record(nodeid)
    const found = await this.#leased([record], options, async () => ({ value: await work() }))
    return found.value
  }

  /** @throws PotluckError ETIMEDOUT where nobody leases an inode, EIO where they change too fast */
  async #leased<T>(
    records: readonly InodeRecord[],
    options: Options,
    work: () => Promise<Done<T>>,
  ): Promise<Valid & { readonly value: T }> {
    let needed: readonly Inode[] = records.map(({ inode }) => inode)
    for (let tries = 0; tries < TRIES; tries++) {
      const held = this.#leases.here(needed) ?? (await this.#leases.take(needed, options))
      const areGood = (): boolean => held.every(({ isGood }) => isGood)
      const done = await work().catch((error: unknown) => {
        // What is wrong under a lease is wrong; what went wrong because it ended is tried again.
        if (areGood()) throw error
        return undefined
      })
      if (done === undefined) continue
      const more = (done.also ?? []).filter((inode) => !needed.includes(inode))
      if (more.length === 0 && areGood()) {
        return { value: done.value, validMs: this.#believe(held) }
      }
      done.undo?.()
      needed = [...needed, ...more]
    }
    throw new PotluckError('EIO', `${records[0]?.path()} changes too fast to be read`)
  }

  /** For how long the kernel may believe what was found under these leases. */
  #believe(held: readonly Held[]): number {
    if (this.listeners.size === 0) return 0
    const validMs = Math.min(KERNEL_MS, ...held.map(({ leftMs }) => leftMs))
    const untilMs = this.#clock.now() + validMs + TICKS_MS
    for (const one of held) one.believedUntilMs = Math.max(one.believedUntilMs, untilMs)
    return validMs
  }

  /** Who looked up two names of a directory will look up more. */
  #leaseAround(directory: InodeRecord, name: Name): void {
    if (directory.children.size < 2) return
    const beside = this.tree.inodesBeside(directory, name)
    const unleased = beside.filter((inode) => this.#leases.here([inode]) === undefined)
    if (unleased.length > 1) this.#leases.ahead(unleased.slice(0, AHEAD))
  }
}
