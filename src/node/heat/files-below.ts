import type { Attributes, Inode, Path } from '../../ports/messages.ts'
import { PotluckError } from '../../base/errors.ts'
import type { InodeRecord } from '../../tree/inode-record.ts'
import type { Tree } from '../../tree/tree.ts'
import { pagesOf, recordOf, resolve } from '../../tree/walk.ts'

/** Files of one tree that are pinned at most: those that are found first. */
export const FILES_BELOW_MAX = 4_096

export type FileBelow = {
  readonly inode: Inode
  readonly path: Path
  readonly attributes: Attributes
}

/** The files of a tree, or the one file. @throws PotluckError ENOENT, and what looking failed with */
export async function filesBelow(tree: Tree, path: Path): Promise<readonly FileBelow[]> {
  const { record } = await resolve(tree, path)
  if (record === undefined) throw new PotluckError('ENOENT', `'${path}' does not exist`)
  const { attributes } = await tree.attributes(record)
  if (attributes.type === 'file') return [{ inode: record.inode, path, attributes }]
  if (attributes.type !== 'directory') return []
  const files: FileBelow[] = []
  const directories: { record: InodeRecord; path: Path }[] = [{ record, path }]
  for (const directory of directories) {
    // Breadth first, one directory at a time: nobody waits for it.
    for (const { page } of await pagesOf(tree, directory.record)) {
      for (const entry of page) {
        const { type, inode } = entry.attributes
        const below = directory.path === '' ? entry.name : `${directory.path}/${entry.name}`
        if (type === 'directory') {
          directories.push({ record: recordOf(tree, directory.record, entry), path: below })
        } else if (type === 'file') files.push({ inode, path: below, attributes: entry.attributes })
        if (files.length === FILES_BELOW_MAX) return files
      }
    }
    if (directories.length > FILES_BELOW_MAX) return files
  }
  return files
}
