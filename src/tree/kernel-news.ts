// What the kernel believes of a directory is held against each fresh page of it, and where it believes
// something else, it is told to ask again.
import type { Name, Stamp } from '../ports/messages.ts'
import { areAttributesEqual } from '../block/version.ts'
import type { Page } from '../wire/page.ts'
import type { InodeRecord } from './inode-record.ts'
import type { InodeTable } from './inode-table.ts'
import type { PageView, Told } from './news/told.ts'
import { diffForKernel } from './page-diff.ts'

/** `asker`: the mount whose kernel knows, since the change is its own. */
export type KernelChange = { readonly asker?: object | undefined } & Change

type Change =
  | { readonly type: 'inode'; readonly nodeid: number; readonly data: boolean }
  | { readonly type: 'entry'; readonly parent: number; readonly name: Name }
  | { readonly type: 'everything' }

/** `part`: 0 for the head page, 1 to `splits` for the parts of a large directory. */
export type FoundPage = { readonly page: Page; readonly stamp: Stamp; readonly part: number }

export class KernelNews {
  readonly #inodes: InodeTable
  readonly #told: Told
  readonly #tell: (change: KernelChange) => void

  constructor(inodes: InodeTable, told: Told, tell: (change: KernelChange) => void) {
    this.#inodes = inodes
    this.#told = told
    this.#tell = tell
  }

  /** A name that the kernel may know, present or absent. */
  tellName({ nodeid }: InodeRecord, name: Name, asker?: object): void {
    if (nodeid !== 0) this.#tell({ type: 'entry', parent: nodeid, name, asker })
  }

  /** `data`: the bytes, too. A place that the kernel does not know is passed over. */
  tellInode({ nodeid }: InodeRecord, data: boolean, asker?: object): void {
    if (nodeid !== 0) this.#tell({ type: 'inode', nodeid, data, asker })
  }

  /** Whether a page newer than the last one says nothing of some names that the kernel knows. */
  lacks(directory: InodeRecord, { page, stamp, part }: FoundPage): boolean {
    if (page.bare === 0 || stamp <= directory.pageStamp(part)) return false
    return [...directory.children.keys()].some((name) => !page.answers(name))
  }

  /** Takes in a fresh page, and tells of what differs. */
  compare(directory: InodeRecord, found: FoundPage): void {
    const { page, stamp, part } = found
    if (directory.pageStamp(part) === stamp) return
    directory.setPageStamp(part, stamp, page.self)
    this.#compareSelf(directory, found)
    if (page.splits > 0 && part === 0) return
    const view = this.#told.view(directory.inode, found)
    const diff = diffForKernel(directory, view, part)
    for (const name of diff.names) {
      directory.dropAbsent(name)
      this.#inodes.unlink(directory, name)
      this.#tell({ type: 'entry', parent: directory.nodeid, name })
    }
    for (const { record, data } of diff.inodes) {
      if (stamp >= record.stamp) this.tellInode(record, data)
    }
    learnChildren(directory, view, stamp)
  }

  /** Makes the kernel ask again for all that has to do with an inode. */
  drop(record: InodeRecord): void {
    for (const { parent, name } of record.links) {
      this.#tell({ type: 'entry', parent: parent.nodeid, name })
    }
    for (const name of [...record.children.keys(), ...record.absent]) {
      this.#tell({ type: 'entry', parent: record.nodeid, name })
    }
    record.dropAllAbsent()
    this.tellInode(record, true)
  }

  /** A directory's own attributes come with its page; for the root there is no other way. */
  #compareSelf(directory: InodeRecord, { page, stamp }: FoundPage): void {
    const { attributes: known } = directory
    if (stamp < directory.stamp || known?.inode !== page.self.inode) return
    const said = { attributes: page.self, stamp }
    const now = this.#told.correct(directory.inode, said)
    directory.learn(now, stamp)
    if (!areAttributesEqual(known, now.attributes)) this.tellInode(directory, false)
  }
}

function learnChildren(directory: InodeRecord, view: PageView, stamp: Stamp): void {
  for (const [name, record] of directory.children) {
    const entry = view.find(name)
    if (entry?.attributes.inode === record.inode) record.learn(entry, stamp)
  }
}
