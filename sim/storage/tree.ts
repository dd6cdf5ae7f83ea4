// What lies on the simulated storage: directories, files, symbolic links. A file has a size and a
// generation, which names its contents; the bytes are made by `contents.ts` when they are read.
//
// Every change gives a new ctime, as on a real file system, even within one instant.
import type { Attributes, FileType, Name, Path } from '../../src/ports/messages.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { PotluckError } from '../../src/base/errors.ts'
import { ChangeTimes, type Time } from './change-times.ts'
import { namesOf } from './names.ts'

export type SimInode = {
  readonly number: number
  readonly type: FileType
  readonly children: Map<Name, SimInode>
  readonly target: string
  mode: number
  uid: number
  gid: number
  rdev: number
  size: number
  nlink: number
  /** Grows with every change of the contents. */
  generation: number
  changed: Time
  modified: Time
  /** Where it was set; else it is that of the last change of the contents. */
  accessed: Time | undefined
  /** The contents, where they were given; else they are drawn from the generation. */
  bytes: Uint8Array | undefined
}

export class SimTree {
  readonly root: SimInode
  readonly #times: ChangeTimes
  #lastNumber = 1

  constructor(clock: Clock) {
    this.#times = new ChangeTimes(clock)
    this.root = this.#create('directory', { mode: 0o755 })
  }

  /** How many changes were made since the tree is there. */
  get changes(): number {
    return this.#times.given
  }

  /** Lets everything be older by so long: what is just installed is the exception. */
  age(ms: number): void {
    const older = ({ seconds, nanos }: Time): Time => ({ seconds: seconds - ms / 1_000, nanos })
    const age = (inode: SimInode): void => {
      Object.assign(inode, { changed: older(inode.changed), modified: older(inode.modified) })
      for (const child of inode.children.values()) age(child)
    }
    age(this.root)
  }

  /** Makes a directory, and those above it. */
  makeDirectory(path: Path): SimInode {
    let directory = this.root
    for (const name of namesOf(path)) {
      const known = directory.children.get(name)
      directory = known ?? this.#link(directory, name, this.#create('directory', { mode: 0o755 }))
    }
    return directory
  }

  makeFile(path: Path, options: { readonly size: number; readonly mode?: number }): SimInode {
    const file = this.#create('file', { mode: options.mode ?? 0o644, size: options.size })
    return this.#place(path, file)
  }

  /** A file of which these are the bytes, until it is written. */
  makeFileOf(path: Path, bytes: Uint8Array): SimInode {
    const file = this.makeFile(path, { size: bytes.length })
    file.bytes = bytes
    return file
  }

  makeSymlink(path: Path, target: string): SimInode {
    return this.#place(path, this.#create('symlink', { mode: 0o777, size: target.length, target }))
  }

  /** Gives a file new contents, of the same size where none is said. @throws PotluckError ENOENT */
  write(path: Path, size?: number): SimInode {
    const file = this.find(path)
    const now = this.#times.next()
    Object.assign(file, { size: size ?? file.size, changed: now, modified: now, bytes: undefined })
    file.generation += 1
    return file
  }

  setMode(path: Path, mode: number): void {
    Object.assign(this.find(path), { mode, changed: this.#times.next() })
  }

  /** An inode that no name leads to, until it is linked. */
  makeNameless(type: FileType, mode: number): SimInode {
    const inode = this.#create(type, { mode, size: 0 })
    return Object.assign(inode, { nlink: 0, bytes: new Uint8Array(0) })
  }

  /** One more name for an inode. */
  link(path: Path, inode: SimInode): void {
    this.#place(path, inode)
    this.alter(inode, { nlink: inode.nlink + 1 })
  }

  /** Changes what an inode is, and with it its ctime; of its contents also the mtime. */
  alter(inode: SimInode, how: Partial<SimInode>): void {
    const now = this.#times.next()
    const isContents = how.bytes !== undefined
    Object.assign(
      inode,
      { changed: now },
      isContents && { modified: now, accessed: undefined },
      how,
    )
    if (isContents) inode.generation += 1
  }

  /** Takes a name away, with all below it. @throws PotluckError ENOENT */
  remove(path: Path): void {
    const { parent, name } = this.#split(path)
    const removed = this.find(path)
    parent.children.delete(name)
    this.#touch(parent, removed.type === 'directory' ? -1 : 0)
    removed.nlink -= 1
    removed.changed = this.#times.next()
  }

  /** Over what is there, as rename(2) does. @throws PotluckError ENOENT */
  rename(from: Path, to: Path): void {
    const moved = this.find(from)
    const old = this.#split(from)
    old.parent.children.delete(old.name)
    this.#touch(old.parent, moved.type === 'directory' ? -1 : 0)
    if (this.at(to) !== undefined) this.remove(to)
    this.#place(to, moved)
    moved.changed = this.#times.next()
  }

  /** Sets a file's mtime back or forth, as `touch -d` does. */
  setModified(path: Path, modified: Time): void {
    Object.assign(this.find(path), { modified, changed: this.#times.next() })
  }

  /** Symbolic links are not followed. @throws PotluckError ENOENT, ENOTDIR, EINVAL, ENAMETOOLONG */
  find(path: Path): SimInode {
    let inode = this.root
    for (const name of namesOf(path)) {
      if (inode.type !== 'directory') throw new PotluckError('ENOTDIR', `in the way of ${path}`)
      const child = inode.children.get(name)
      if (child === undefined) throw new PotluckError('ENOENT', `no such file: ${path}`)
      inode = child
    }
    return inode
  }

  /** What is there, if anything. */
  at(path: Path): SimInode | undefined {
    let inode: SimInode | undefined = this.root
    for (const name of namesOf(path)) inode = inode?.children.get(name)
    return inode
  }

  /** Paths of all regular files, in the order in which they were made, depth first. */
  files(from: Path = ''): Path[] {
    const paths: Path[] = []
    for (const [name, inode] of this.find(from).children) {
      const path = from === '' ? name : `${from}/${name}`
      if (inode.type === 'directory') paths.push(...this.files(path))
      else if (inode.type === 'file') paths.push(path)
    }
    return paths
  }

  #create(type: FileType, init: { mode: number; size?: number; target?: string }): SimInode {
    const now = this.#times.next()
    const times = { changed: now, modified: now }
    const { mode, size = 4096, target = '' } = init
    const shape = { number: ++this.#lastNumber, type, children: new Map<Name, SimInode>(), target }
    return {
      ...shape,
      mode,
      uid: 1000,
      gid: 1000,
      rdev: 0,
      size,
      nlink: type === 'directory' ? 2 : 1,
      generation: 1,
      ...times,
      accessed: undefined,
      bytes: undefined,
    }
  }

  #place(path: Path, inode: SimInode): SimInode {
    const above = namesOf(path).slice(0, -1).join('/')
    return this.#link(this.makeDirectory(above), this.#split(path).name, inode)
  }

  #link(parent: SimInode, name: Name, inode: SimInode): SimInode {
    parent.children.set(name, inode)
    this.#touch(parent, inode.type === 'directory' ? 1 : 0)
    return inode
  }

  #touch(directory: SimInode, links: number): void {
    const now = this.#times.next()
    Object.assign(directory, { changed: now, modified: now, nlink: directory.nlink + links })
    directory.generation += 1
  }

  #split(path: Path): { readonly parent: SimInode; readonly name: Name } {
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) throw new PotluckError('EINVAL', 'the root has no name')
    return { parent: this.find(names.join('/')), name }
  }
}

/** What lstat says of it now. */
export function attributesOf(inode: SimInode): Attributes {
  const { number, type, mode, nlink, uid, gid, rdev, size, changed, modified } = inode
  const { seconds: atimeSeconds, nanos: atimeNanos } = inode.accessed ?? modified
  return {
    inode: String(number),
    type,
    mode,
    nlink,
    uid,
    gid,
    rdev,
    size,
    blocks: Math.ceil(size / 512),
    atimeSeconds,
    atimeNanos,
    mtimeSeconds: modified.seconds,
    mtimeNanos: modified.nanos,
    ctimeSeconds: changed.seconds,
    ctimeNanos: changed.nanos,
  }
}
