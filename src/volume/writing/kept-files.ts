// Files that are open here for reading, and whose last name is gone: they are read by a handle at the
// source from then on, until nobody has them open any more.
import type { Inode, PeerId } from '../../ports/messages.ts'
import type { Change } from '../../ports/writable-source.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import type { Making } from './making.ts'
import { NOBODY, READ } from './written-files.ts'

type Make = Making['make']
type Kept = { readonly handle: number; readonly make: Make }

export class KeptFiles {
  readonly #making: Making
  /** Makes changes at the peer that removed a file, which keeps it for a while. */
  readonly #makeAt: (peer: PeerId) => Make
  readonly #kept = new Map<Inode, Promise<Kept | undefined>>()

  constructor(making: Making, makeAt: (peer: PeerId) => Make) {
    this.#making = making
    this.#makeAt = makeAt
  }

  /** Before a change here takes the last name of a file that is open here. */
  async before(change: Change): Promise<void> {
    const record = this.#removedBy(change)
    if (record === undefined || !this.#isNeeded(record)) return
    const { make } = this.#making
    await this.#keep(record, make, { inode: record.inode, path: record.path() })
  }

  /** A peer has taken the last name of a file that is open here. */
  removed(record: InodeRecord, by: PeerId): void {
    if (!this.#isNeeded(record)) return
    void this.#keep(record, this.#makeAt(by), { inode: record.inode, path: '' })
  }

  /** Bytes of a file without a name; undefined where it is not kept. */
  async read(
    inode: Inode,
    { from, length }: { readonly from: number; readonly length: number },
  ): Promise<readonly Uint8Array[] | undefined> {
    const kept = await this.#kept.get(inode)
    if (kept === undefined) return undefined
    const change = { type: 'read', of: { handle: kept.handle, from }, length } as const
    const { bytes } = await kept.make(change, NOBODY)
    return bytes === undefined || bytes.length === 0 ? [] : [bytes]
  }

  /** Something was closed. */
  released({ inode, opens }: InodeRecord): void {
    const keeping = opens > 0 ? undefined : this.#kept.get(inode)
    if (keeping === undefined) return
    this.#kept.delete(inode)
    void keeping.then((kept) => {
      // One that can't be closed is not open any more.
      kept?.make({ type: 'close', handle: kept.handle }, NOBODY).catch(() => undefined)
    })
  }

  #removedBy(change: Change): InodeRecord | undefined {
    const isRemoval =
      change.type === 'unlink' || (change.type === 'rename' && change.mode === 'replace')
    if (!isRemoval) return undefined
    const { inodes } = this.#making.tree
    return inodes.byInode(change.at.directory)?.children.get(change.at.name)
  }

  #isNeeded(record: InodeRecord): boolean {
    const { attributes, inode, opens } = record
    const isLast = attributes?.type === 'file' && attributes.nlink <= 1
    if (!isLast || opens === 0 || this.#kept.has(inode)) return false
    return this.#making.handles.ofInode(inode) === undefined
  }

  async #keep(record: InodeRecord, make: Make, on: { inode: Inode; path: string }): Promise<void> {
    const { inode } = record
    const opening = make({ type: 'open', on, how: READ }, NOBODY).then(
      ({ handle }) => (handle === undefined ? undefined : { handle, make }),
      // Who reads it then hears that it is gone.
      () => undefined,
    )
    this.#kept.set(inode, opening)
    await opening
    if (record.opens === 0) this.released(record)
  }
}
