// What is written and not on the source yet, as one node knows it: its own, and what others have told.
import type { StopSignal } from '../base/abort.ts'
import type { BackChanges } from '../file/dirty/back-changes.ts'
import type { Marks } from '../file/dirty/marks.ts'
import type { Attributes, Inode } from '../ports/messages.ts'
import type { DirectoryEntry } from './volume.ts'

export class Unsaved {
  readonly marks: Marks
  /** Where this node makes changes in write-back mode. */
  own: BackChanges | undefined

  constructor(marks: Marks) {
    this.marks = marks
  }

  isHere(inode: Inode): boolean {
    return this.own?.holds(inode) === true
  }

  isElsewhere(inode: Inode): boolean {
    return this.marks.has(inode)
  }

  /** Resolves when what others are known to have written is on the source; undefined where it is. */
  recall(inode: Inode, signal?: StopSignal): Promise<void> | undefined {
    return this.marks.recall(inode, signal)
  }

  /** Attributes as programs must see them. */
  shown(attributes: Attributes): Attributes {
    return this.own?.shown(attributes) ?? attributes
  }

  /** An entry of a directory; whoever wants to know what others have written asks for it by name. */
  listed(entry: DirectoryEntry): DirectoryEntry {
    const { attributes } = entry
    if (attributes === undefined) return entry
    if (this.isElsewhere(attributes.inode)) {
      const { name, nextOffset } = entry
      return { name, nextOffset, type: attributes.type }
    }
    const shown = this.shown(attributes)
    return shown === attributes ? entry : { ...entry, attributes: shown }
  }

  /** Whether an inode is to be read by a handle: no block has its bytes yet. */
  isByHandle(inode: Inode, isWritten: boolean): boolean {
    return this.isHere(inode) || (isWritten && this.isElsewhere(inode))
  }

  /** It is no longer hot: what is dirty of it here goes to the source. */
  async cooled(inode: Inode): Promise<void> {
    await this.own?.flush(inode).catch(() => undefined)
  }

  /** All that was written to an inode, here or elsewhere, is on the source when it resolves. */
  async save(inode: Inode): Promise<void> {
    await this.own?.flush(inode)
    await this.marks.recall(inode)
  }
}
