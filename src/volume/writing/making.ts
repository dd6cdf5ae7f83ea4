// The write side of a volume: what the kernel asks, in the words of the tree, made by whoever has the
// source. When a change is made, what it left behind has been taken in here, so that every later
// operation of this node sees it.
//
// It must never answer before the source has, and never give the kernel what it only expects.
import { PotluckError } from '../../base/errors.ts'
import type { NewName } from '../../ports/changes.ts'
import type { Attributes, Inode, PeerId, Stamp } from '../../ports/messages.ts'
import type { At, Change, Made, Target } from '../../ports/writable-source.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import type { Tree } from '../../tree/tree.ts'
import type { PageEntry } from '../../wire/page-entry.ts'
import type { ReadVolume } from '../read-volume.ts'
import type { Changed, ChangeOptions, Entry, Nodeid } from '../volume.ts'
import { Handles } from './handles.ts'

export type MakingInit = {
  readonly reading: ReadVolume
  /** Makes a change, and takes in and tells what it left behind. */
  readonly make: (change: Change, options: ChangeOptions) => Promise<Made>
  /** The same at the peer that removed a file, which keeps it for those who have it open. */
  readonly makeAt: (peer: PeerId) => MakingInit['make']
}

export class Making {
  readonly handles = new Handles()
  readonly reading: ReadVolume
  readonly make: MakingInit['make']

  constructor({ reading, make }: MakingInit) {
    this.reading = reading
    this.make = make
  }

  get tree(): Tree {
    return this.reading.tree
  }

  at({ parent, name }: NewName): At {
    const { inode: directory, path } = this.on(parent)
    return { directory, path, name }
  }

  /** @throws PotluckError ENOENT where it has neither a name nor a handle */
  on(nodeid: Nodeid, handle?: number): Target {
    const record = this.tree.record(nodeid)
    const { inode, attributes } = record
    const path = record.path()
    const theirs = this.handles.find(handle)
    if (theirs !== undefined) return { inode, path, handle: theirs }
    if (attributes?.nlink !== 0) return { inode, path }
    const any = this.handles.ofInode(inode)
    if (any !== undefined) return { inode, path, handle: any }
    throw new PotluckError('ENOENT', `${path} has been removed`)
  }

  /** What a name leads to after a change, with a reference of the kernel. */
  entry({ parent, name }: NewName, { news }: Made): Entry {
    const directory = this.tree.record(parent)
    for (const { inode, stamp, news: told } of news) {
      const isIt = told?.type === 'name' && told.name === name && inode === directory.inode
      if (isIt && told.entry !== undefined) {
        return this.#refer(directory, { name, ...told.entry }, stamp)
      }
    }
    throw new PotluckError('ESTALE', `${name} has been removed again`)
  }

  /** A nodeid for an inode without a name, with a reference of the kernel. */
  nameless({ news }: Made): Entry {
    const [made] = news
    if (made?.news?.type !== 'attributes') throw new PotluckError('EIO', 'nothing was made')
    const { attributes } = made.news
    const record = this.tree.inodes.referNameless(made.inode)
    record.learn({ attributes }, made.stamp)
    return { nodeid: record.nodeid, ...this.#shown(attributes, made.stamp) }
  }

  /** An inode's attributes after a change of it. */
  changed(nodeid: Nodeid, { news }: Made): Changed {
    const record = this.tree.record(nodeid)
    const { attributes, stamp } = attributesIn(news, record.inode) ?? record
    if (attributes === undefined) throw new PotluckError('ESTALE', 'the inode is gone')
    return this.#shown(attributes, stamp)
  }

  /** Not for long where others have written what the source has not. */
  #shown(attributes: Attributes, stamp: Stamp): Changed {
    const { unsaved } = this.reading
    const isElsewhere = unsaved.isElsewhere(attributes.inode)
    const validMs = isElsewhere ? 0 : this.tree.freshness.validMs(stamp)
    return { attributes: unsaved.shown(attributes), validMs }
  }

  #refer(directory: InodeRecord, found: PageEntry, stamp: Stamp): Entry {
    const record = this.tree.refer(directory, found, stamp)
    const { nodeid, attributes = found.attributes } = record
    return { nodeid, ...this.#shown(attributes, stamp) }
  }
}

function attributesIn(
  news: Made['news'],
  of: Inode,
): { readonly attributes: Attributes; readonly stamp: Stamp } | undefined {
  for (const { inode, stamp, news: told } of news) {
    if (inode === of && told?.type === 'attributes') return { attributes: told.attributes, stamp }
  }
  return undefined
}
