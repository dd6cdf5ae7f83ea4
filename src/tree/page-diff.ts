// What changed between two states of a directory, in the two views that need it: the mesh's
// (which inodes must everybody drop) and the kernel's (which names and pages must it drop).
import type { Inode, Name } from '../ports/messages.ts'
import { areAttributesEqual, isSameContent } from '../block/version.ts'
import { type Page, partOf } from '../wire/page.ts'
import type { InodeRecord } from './inode-table.ts'

/** Inodes whose attributes or bytes changed between two readings of one page. */
export function changedInodes(before: Page, now: Page): Inode[] {
  const changed: Inode[] = []
  for (const entry of now) {
    const former = before.find(entry.name)
    if (former === undefined || former.attributes.inode !== entry.attributes.inode) continue
    if (!areAttributesEqual(former.attributes, entry.attributes))
      changed.push(entry.attributes.inode)
  }
  return changed
}

/** Whether a name came, went, or leads to another inode. */
export function areNamesEqual(before: Page, now: Page): boolean {
  if (before.count !== now.count || before.splits !== now.splits || before.total !== now.total) {
    return false
  }
  for (const { name } of now.all()) {
    if (!before.has(name)) return false
    const [former, entry] = [before.find(name), now.find(name)]
    const isLookedAt = former !== undefined && entry !== undefined
    if (isLookedAt && former.attributes.inode !== entry.attributes.inode) return false
  }
  return true
}

/** What the mesh must drop after a directory was read again: changed children, and itself. */
export function changesBetween(directory: Inode, before: Page, now: Page): Inode[] {
  const inodes = changedInodes(before, now)
  return areNamesEqual(before, now) ? inodes : [...inodes, directory]
}

export type KernelDiff = {
  /** Names that the kernel knows otherwise, present or absent. */
  readonly names: Name[]
  /** Inodes it knows with other attributes; `data` where the bytes differ, too. */
  readonly inodes: { readonly record: InodeRecord; readonly data: boolean }[]
}

/** Compares what the kernel was told of a directory with a fresh page of it. */
export function diffForKernel(directory: InodeRecord, page: Page, part: number): KernelDiff {
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
