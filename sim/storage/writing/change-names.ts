// Changes of the simulated storage, as a local file system makes them: the same errors, the same
// attributes afterwards. Permissions are not among them: everybody may do everything here.
//
// It must never wait: a change is made at one instant of virtual time, and its caller pays for it.
import type { Node } from '../../../src/ports/changes.ts'
import type { Name, Path } from '../../../src/ports/messages.ts'
import type { At, Effect, NameChange, Target } from '../../../src/ports/writable-source.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { attributesOf, type SimInode, type SimTree } from '../tree.ts'

/** What is open, by handle. */
export type OpenFiles = ReadonlyMap<number, SimInode>

export type Changed = { readonly effects: readonly Effect[]; readonly opened?: SimInode }

/** @throws PotluckError with the errno that a local file system would give */
export function changeName(
  tree: SimTree,
  change: NameChange,
  { files, umask }: { readonly files: OpenFiles; readonly umask: number },
): Changed {
  const directory = directoryOf(tree, change.at)
  const path = pathOf(change.at)
  const there = directory.children.get(checked(change.at.name))
  const done = (): Changed => ({ effects: namedEffects(directory, change.at) })
  switch (change.type) {
    case 'create':
      return create(tree, change, { directory, there, umask })
    case 'mkdir':
      refuse(there !== undefined, 'EEXIST', path)
      tree.makeDirectory(path).mode = change.mode & ~umask
      return done()
    case 'mknod':
      refuse(there !== undefined, 'EEXIST', path)
      tree.link(path, nodeOf(tree, change.node, umask))
      return done()
    case 'symlink':
      refuse(there !== undefined, 'EEXIST', path)
      tree.makeSymlink(path, change.target)
      return done()
    case 'link': {
      refuse(there !== undefined, 'EEXIST', path)
      const inode = inodeOf(tree, change.from, files)
      refuse(inode.type === 'directory', 'EPERM', path)
      tree.link(path, inode)
      return { effects: [...namedEffects(directory, change.at), inodeEffect(inode)] }
    }
    case 'unlink':
    case 'rmdir':
      return remove(tree, change, { directory, there })
    case 'rename':
      return rename(tree, change, { directory, there })
  }
}

type Place = { readonly directory: SimInode; readonly there: SimInode | undefined }

function create(
  tree: SimTree,
  change: NameChange & { readonly type: 'create' },
  { directory, there, umask }: Place & { readonly umask: number },
): Changed {
  const { at, mode, isExclusive, how } = change
  const path = pathOf(at)
  if (there === undefined) {
    const made = tree.makeFileOf(path, new Uint8Array(0))
    made.mode = mode & ~umask
    return { effects: namedEffects(directory, at), opened: made }
  }
  refuse(isExclusive, 'EEXIST', path)
  refuse(there.type === 'directory', 'EISDIR', path)
  refuse(there.type === 'symlink', 'ELOOP', path)
  if (how.truncate) tree.alter(there, { bytes: new Uint8Array(0), size: 0 })
  const content = how.truncate ? [inodeEffect(there, true)] : []
  return { effects: [...namedEffects(directory, at), ...content], opened: there }
}

function remove(
  tree: SimTree,
  change: NameChange & { readonly type: 'unlink' | 'rmdir' },
  { directory, there }: Place,
): Changed {
  const { type, at } = change
  const path = pathOf(at)
  if (there === undefined) throw new PotluckError('ENOENT', `no such file: ${path}`)
  const isDirectory = there.type === 'directory'
  if (type === 'rmdir') {
    refuse(!isDirectory, 'ENOTDIR', path)
    refuse(there.children.size > 0, 'ENOTEMPTY', path)
  } else refuse(isDirectory, 'EISDIR', path)
  tree.remove(path)
  if (isDirectory) there.nlink = 0
  const [named, ...rest] = namedEffects(directory, at)
  const effects = [...(named ? [named] : []), inodeEffect(there), ...rest]
  return { effects, ...keptOf(change, there) }
}

/** What a change leaves open, because it took its last name. */
function keptOf(change: NameChange, file: SimInode | undefined): { opened?: SimInode } {
  const isKept = 'keep' in change && change.keep === true
  return isKept && file?.type === 'file' && file.nlink === 0 ? { opened: file } : {}
}

function rename(
  tree: SimTree,
  change: NameChange & { readonly type: 'rename' },
  { directory, there }: Place,
): Changed {
  const { from, at, mode } = change
  const [oldPath, path] = [pathOf(from), pathOf(at)]
  const old = directoryOf(tree, from)
  const moved = old.children.get(checked(from.name))
  if (moved === undefined) throw new PotluckError('ENOENT', `no such file: ${oldPath}`)
  refuse(`${path}/`.startsWith(`${oldPath}/`) && path !== oldPath, 'EINVAL', path)
  if (mode === 'no-replace') refuse(there !== undefined, 'EEXIST', path)
  if (mode === 'exchange') {
    if (there === undefined) throw new PotluckError('ENOENT', `no such file: ${path}`)
    exchange(tree, [old, from.name, moved], [directory, at.name, there])
  } else if (there !== moved) {
    if (there !== undefined) checkReplaced(moved, there, path)
    tree.rename(oldPath, path)
  }
  const replaced = there !== undefined && mode === 'replace' ? [inodeEffect(there)] : []
  const [left] = namedEffects(old, from)
  const [named, own] = namedEffects(directory, at)
  const effects = [named, left, ...replaced, own, inodeEffectOf(from, old)]
  const kept = mode === 'replace' ? keptOf(change, there) : {}
  return { effects: effects.filter((effect) => effect !== undefined), ...kept }
}

function checkReplaced(moved: SimInode, there: SimInode, path: Path): void {
  const isDirectory = moved.type === 'directory'
  refuse(isDirectory && there.type !== 'directory', 'ENOTDIR', path)
  refuse(!isDirectory && there.type === 'directory', 'EISDIR', path)
  refuse(there.children.size > 0, 'ENOTEMPTY', path)
}

type Named = readonly [SimInode, Name, SimInode]

function exchange(tree: SimTree, a: Named, b: Named): void {
  a[0].children.set(a[1], b[2])
  b[0].children.set(b[1], a[2])
  for (const inode of new Set([a[0], b[0], a[2], b[2]])) tree.alter(inode, {})
}

function nodeOf(tree: SimTree, { type, mode, rdev }: Node, umask: number): SimInode {
  return Object.assign(tree.makeNameless(type, mode & ~umask), { rdev })
}

/** @throws PotluckError ENOENT, ENOTDIR, ESTALE where it is another one */
export function directoryOf(tree: SimTree, { directory, path }: At): SimInode {
  const found = tree.find(path)
  refuse(found.type !== 'directory', 'ENOTDIR', path)
  refuse(directory !== '0' && attributesOf(found).inode !== directory, 'ESTALE', path)
  return found
}

/** @throws PotluckError ENOENT, EBADF, ESTALE where it is another one */
export function inodeOf(tree: SimTree, { inode, path, handle }: Target, open: OpenFiles): SimInode {
  if (handle !== undefined) return fileOf(open, handle)
  const found = tree.find(path)
  refuse(inode !== '0' && attributesOf(found).inode !== inode, 'ESTALE', path)
  return found
}

/** @throws PotluckError EBADF */
export function fileOf(open: OpenFiles, handle: number): SimInode {
  const file = open.get(handle)
  if (file === undefined) throw new PotluckError('EBADF', `no file has the handle ${handle}`)
  return file
}

export function inodeEffect(inode: SimInode, isContent = false): Effect {
  const attributes = attributesOf(inode)
  return { type: 'inode', inode: attributes.inode, attributes, isContent }
}

function inodeEffectOf({ directory }: At, inode: SimInode): Effect {
  return { type: 'inode', inode: directory, attributes: attributesOf(inode), isContent: false }
}

function namedEffects(directory: SimInode, at: At): Effect[] {
  const { name } = at
  const child = directory.children.get(name)
  const attributes = child && attributesOf(child)
  const target = child?.type === 'symlink' ? { target: child.target } : {}
  const entry = attributes && { name, attributes, ...target }
  const named: Effect = { type: 'name', directory: at.directory, name, entry }
  return [named, inodeEffectOf(at, directory)]
}

function pathOf({ path, name }: At): Path {
  return path === '' ? name : `${path}/${name}`
}

function checked(name: Name): Name {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name
  throw new PotluckError('EINVAL', 'not a name')
}

export function refuse(isRefused: boolean, code: PotluckError['code'], what: string): void {
  if (isRefused) throw new PotluckError(code, `${code}: ${what} (simulated)`)
}
