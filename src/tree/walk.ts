// Paths and whole trees without the kernel: for `warm`, `invalidate` and `holders`, which must not
// leave references behind that nobody would take back.
import type { Name, Path } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import type { PageEntry } from '../wire/page-entry.ts'
import { InodeRecord } from './inode-record.ts'
import type { FoundPage } from './kernel-news.ts'
import type { Options, Tree } from './tree.ts'

export type Place = {
  /** The inode at the path; undefined where the last name is absent. */
  readonly record: InodeRecord | undefined
  /** The directory that holds, or would hold, the last name; the root's own is the root. */
  readonly parent: InodeRecord
}

/** The names of a path. @throws PotluckError EINVAL for '..', absolute paths and the like */
export function namesOf(path: Path): Name[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..') || path.includes('\0')) {
    throw new PotluckError('EINVAL', `'${path}' leaves the volume`)
  }
  return names
}

/**
 * Follows a path from the root, by cached pages where they are fresh. Symbolic links are not followed.
 *
 * @throws PotluckError ENOENT where a directory on the way is absent
 */
export async function resolve(tree: Tree, path: Path, options: Options = {}): Promise<Place> {
  await tree.attributes(tree.inodes.root, options)
  let place: Place = { record: tree.inodes.root, parent: tree.inodes.root }
  for (const name of namesOf(path)) {
    const parent = place.record
    if (parent === undefined) throw new PotluckError('ENOENT', `'${path}' does not exist`)
    if (!parent.isDirectory) throw new PotluckError('ENOTDIR', `'${path}' goes through a file`)
    const { entry } = await tree.find(parent, name, options)
    place = { parent, record: entry && recordOf(tree, parent, entry) }
  }
  return place
}

/** What is at an entry: the kernel's record where there is one. */
export function recordOf(tree: Tree, parent: InodeRecord, entry: PageEntry): InodeRecord {
  const { attributes, name } = entry
  const known = tree.inodes.byInode(attributes.inode)
  return known ?? InodeRecord.detached(attributes.inode, { parent, name }, attributes)
}

/** All pages of a directory. */
export async function pagesOf(
  tree: Tree,
  directory: InodeRecord,
  options: Options = {},
): Promise<FoundPage[]> {
  const head = await tree.page(directory, { index: 0, splits: 0 }, options)
  const { splits } = head.page
  if (splits === 0) return [head]
  const indexes = Array.from({ length: splits }, (_, i) => i + 1)
  return Promise.all(indexes.map((index) => tree.page(directory, { index, splits }, options)))
}
