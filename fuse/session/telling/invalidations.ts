// What the volume says the kernel must forget → notifies.
//
// Names and inodes go two ways, each with a thread of its own to write them. A name's notify waits
// for its directory's lock, which somebody holds who waits for an answer of ours; an inode's waits
// for pages alone. Behind one another, an inode's would wait for the lock too, and an answer that
// waits for an inode's pages to be dropped could be the one that the lock waits for.
//
// What this must never do: wait for a notify where a request of the kernel's may wait for the answer,
// apart from the one case in pending-inodes.ts, and from locks, which no request waits for.
import { incrementEpoch, invalidateEntry, invalidateInode } from '../../protocol/notify.ts'
import type { KernelInvalidation } from '../../../src/volume/volume.ts'
import type { References } from '../references.ts'
import { NotifyQueue } from './notify-queue.ts'
import { PendingInodes } from './pending-inodes.ts'

type Of<T extends KernelInvalidation['type']> = Extract<KernelInvalidation, { type: T }>

export class Invalidations {
  readonly names: NotifyQueue<Of<'entry'>>
  readonly inodes: NotifyQueue<Of<'inode'>>
  readonly pending = new PendingInodes()
  #hasEpoch = false
  #count = 0
  #overflows = 0

  constructor(references: References) {
    this.names = new NotifyQueue({
      encode: ({ parent, name }) => invalidateEntry(parent, name),
      everything: () => this.#everyName(references),
      onTaken: () => undefined,
    })
    this.inodes = new NotifyQueue({
      encode: ({ nodeid, data }) => invalidateInode(nodeid, { data }),
      everything: () => everyInode(references),
      onTaken: (taken) => {
        for (const each of taken) this.#onTaken(each)
      },
    })
  }

  /** How many there have been; an answer begun before the newest may be older than it. */
  get count(): number {
    return this.#count
  }

  get waiting(): number {
    return this.names.waiting + this.inodes.waiting
  }

  get overflows(): number {
    return this.#overflows
  }

  /** Once it is known what this kernel understands. */
  start(options: { hasEpoch: boolean }): void {
    this.#hasEpoch = options.hasEpoch
  }

  push(invalidation: KernelInvalidation): void {
    this.#count++
    if (invalidation.type === 'entry') {
      if (!this.names.push(invalidation)) this.#overflows++
    } else if (invalidation.type === 'inode') {
      if (invalidation.data) this.pending.add(invalidation.nodeid)
      if (this.inodes.push(invalidation)) return
      this.#overflows++
      this.pending.addSweep()
    } else {
      this.names.pushEverything()
      this.inodes.pushEverything()
      this.pending.addSweep()
    }
  }

  /** Resolves when the kernel has dropped an inode's pages; undefined where it need not. */
  dropped(invalidation: KernelInvalidation): Promise<void> | undefined {
    if (invalidation.type !== 'inode' || !this.pending.isPending(invalidation.nodeid))
      return undefined
    return new Promise((resolve) => this.pending.hold(invalidation.nodeid, resolve))
  }

  /** Resolves when the kernel has forgotten all that it was told to before. */
  async allTaken(): Promise<void> {
    await Promise.all(
      [this.names, this.inodes].map((queue) => new Promise<void>((done) => queue.whenTaken(done))),
    )
  }

  /** The kernel is told nothing any more: nobody waits. */
  giveUp(): void {
    for (const waiting of [this.pending, this.names, this.inodes]) waiting.giveUp()
  }

  #onTaken(taken: Of<'inode'> | 'everything'): void {
    if (taken !== 'everything') {
      if (taken.data) this.pending.dropped(taken.nodeid)
    } else if (!this.inodes.isSweeping) this.pending.sweepDone()
  }

  *#everyName(references: References): Generator<Uint8Array> {
    if (this.#hasEpoch) yield incrementEpoch()
    else for (const { parent, name } of references.names()) yield invalidateEntry(parent, name)
  }
}

function* everyInode(references: References): Generator<Uint8Array> {
  for (const nodeid of references.nodeids()) yield invalidateInode(nodeid, { data: true })
}
