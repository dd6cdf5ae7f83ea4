// What changed between two states of a directory, in the two views that need it: the mesh's
// (which inodes must everybody drop) and the kernel's (which names and pages must it drop).
import type { Attributes, Inode, Name } from '../ports/messages.ts'
import { areAttributesEqual, isSameContent } from '../block/version.ts'
import { type Page, partOf } from '../wire/page.ts'
import type { InodeRecord } from './inode-record.ts'
import type { PageView } from './news/told.ts'

/** What everyone has been told already. */
export type Known = {
  /** Names of the directory were told of at all. */
  readonly hasNames: boolean
  readonly hasName: (name: Name) => boolean
  readonly hasInode: (inode: Inode) => boolean
}

const NOTHING_KNOWN: Known = {
  hasNames: false,
  hasName: () => false,
  hasInode: () => false,
}

type Changed = readonly [before: Attributes, now: Attributes]

/** Inodes of names on both that nobody was told of, and whose attributes or bytes changed. */
export function changedInodes(
  [before, now]: readonly [Page, Page],
  known: Known = NOTHING_KNOWN,
): Changed[] {
  const changed: Changed[] = []
  for (const { name, attributes } of now) {
    const former = before.find(name)?.attributes
    const isSame = former?.inode === attributes.inode && !known.hasInode(attributes.inode)
    if (isSame && !areAttributesEqual(former, attributes)) changed.push([former, attributes])
  }
  return changed
}

/** Whether a name came, went, or leads to another inode, other than those known of. */
export function areNamesEqual(before: Page, now: Page, known: Known = NOTHING_KNOWN): boolean {
  // How many there are tells nothing where some of them came or went with everyone's knowledge.
  const isAsMany = before.splits === now.splits && before.total === now.total
  if (!isAsMany && !known.hasNames) return false
  if (before.splits !== now.splits) return true
  for (const { name } of before.all()) {
    if (!now.has(name) && !known.hasName(name)) return false
  }
  for (const { name } of now.all()) {
    if (known.hasName(name)) continue
    if (!before.has(name)) return false
    const [former, entry] = [before.find(name), now.find(name)]
    const isLookedAt = former !== undefined && entry !== undefined
    if (isLookedAt && former.attributes.inode !== entry.attributes.inode) return false
  }
  return true
}

export type KernelDiff = {
  /** Names that the kernel knows otherwise, present or absent. */
  readonly names: Name[]
  /** Inodes it knows with other attributes; `data` where the bytes differ, too. */
  readonly inodes: { readonly record: InodeRecord; readonly data: boolean }[]
}

/** Compares what the kernel was told of a directory with a fresh page of it. */
export function diffForKernel(directory: InodeRecord, page: PageView, part: number): KernelDiff {
  const diff: KernelDiff = { names: [], inodes: [] }
  const isOnPage = (name: Name) => page.splits === 0 || partOf(name, page.splits) === part
  for (const [name, record] of directory.children) {
    if (!isOnPage(name)) continue
    const entry = page.find(name)
    if (entry?.attributes.inode !== record.inode) diff.names.push(name)
    else if (record.attributes !== undefined) {
      if (areAttributesEqual(record.attributes, entry.attributes)) continue
      diff.inodes.push({ record, data: !isSameContent(record.attributes, entry.attributes) })
    }
  }
  for (const name of directory.absent) {
    if (isOnPage(name) && page.has(name)) diff.names.push(name)
  }
  return diff
}
