// Which inodes must have nothing dirty when a change is made on the source.
import type { SourceChanges } from '../../authority/changes/source-changes.ts'
import type { Attributes, Inode, Path } from '../../ports/messages.ts'
import type { At, Change, Made } from '../../ports/writable-source.ts'
import type { DirtyFile } from './dirty-file.ts'

export type FlushedBefore = {
  readonly files: readonly DirtyFile[]
  readonly pathOf: (file: DirtyFile) => Path
  readonly source: Pick<SourceChanges, 'inodeOf'>
}

export function inodesOf(change: Change, { files, pathOf, source }: FlushedBefore): Inode[] {
  switch (change.type) {
    case 'write':
    case 'allocate':
    case 'seek':
      return known([source.inodeOf(change.of.handle)])
    case 'copy':
      return known([source.inodeOf(change.of.handle), source.inodeOf(change.to.handle)])
    case 'setattr':
      return [change.on.inode]
    case 'open':
      return change.how.truncate ? [change.on.inode] : []
    case 'link':
      return [change.from.inode]
    case 'rename': {
      // Whoever has copies knows them by their path.
      const moved = change.mode === 'exchange' ? [change.from, change.at] : [change.from]
      const isMoved = (path: Path): boolean => moved.some((at) => isBelow(path, pathAt(at)))
      return files.filter((file) => isMoved(pathOf(file))).map(({ inode }) => inode)
    }
    case 'create':
      // It may be there already, and then it is cut.
      return change.how.truncate
        ? files.filter((file) => pathOf(file) === pathAt(change.at)).map(({ inode }) => inode)
        : []
    default:
      return []
  }
}

export function isRemoval({ type }: Change): boolean {
  return type === 'unlink' || type === 'rename'
}

/** What is known of those whose name was taken, where that is known. */
export function removedIn({ news }: Made): Attributes[] {
  return news.flatMap(({ news: told }) => (told?.type === 'attributes' ? [told.attributes] : []))
}

function known(inodes: readonly (Inode | undefined)[]): Inode[] {
  return [...new Set(inodes.filter((inode) => inode !== undefined))]
}

function pathAt({ path, name }: At): Path {
  return path === '' ? name : `${path}/${name}`
}

function isBelow(path: Path, root: Path): boolean {
  return path === root || path.startsWith(`${root}/`)
}
