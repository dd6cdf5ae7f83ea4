// A file system in memory with the semantics of POSIX as Linux has them, for one who has been let
// through by whoever checks permissions. The kernel side of a mount is tested on it, and what the
// mesh makes of a sequence of operations is compared with what this makes of it.
//
// It knows neither nodeids nor handles nor time: those that use it count and keep the clock.
import { type ErrnoCode, PotluckError } from '../../src/base/errors.ts'
import type { AttributeChanges, Caller, RenameMode } from '../../src/ports/changes.ts'
import type { FileType, Name } from '../../src/ports/messages.ts'
import { type Instant, instantOf, PosixInode } from './posix-inode.ts'

export type At = { readonly directory: PosixInode; readonly name: Name }

export type New = {
  readonly type: FileType
  readonly mode: number
  readonly rdev?: number
  readonly target?: string
  readonly caller: Caller
}

const SET_GROUP_ID = 0o2000
const GROUP_EXECUTE = 0o010
const MAX_LINKS = 65_000

export function fail(code: ErrnoCode, why: string): never {
  throw new PotluckError(code, why)
}

export class PosixTree {
  readonly root: PosixInode
  readonly #now: () => Instant
  #nextNumber = 1

  constructor(now: () => Instant) {
    this.#now = now
    this.root = new PosixInode({ ...this.#next(), type: 'directory', mode: 0o755, uid: 0, gid: 0 })
    this.root.nlink = 2
    this.root.parent = this.root
  }

  #next(): { readonly number: number; readonly now: Instant } {
    return { number: this.#nextNumber++, now: this.#now() }
  }

  find({ directory, name }: At): PosixInode | undefined {
    if (!directory.isDirectory) fail('ENOTDIR', 'not a directory')
    return directory.entries.get(name)
  }

  #existing(at: At): PosixInode {
    return this.find(at) ?? fail('ENOENT', `no ${at.name}`)
  }

  /** An inode without a name, owned as one made in that directory would be. */
  make(directory: PosixInode, { type, mode, caller, rdev, target }: New): PosixInode {
    const isGroupOfDirectory = (directory.mode & SET_GROUP_ID) !== 0
    const gid = isGroupOfDirectory ? directory.gid : caller.gid
    let bits = type === 'symlink' ? 0o777 : mode & ~caller.umask
    if (type === 'directory' && isGroupOfDirectory) bits |= SET_GROUP_ID
    else if (!mayHaveGroup(caller, gid) && (bits & GROUP_EXECUTE) !== 0) bits &= ~SET_GROUP_ID
    const owned = { type, mode: bits, uid: caller.uid, gid }
    const more = {
      ...(rdev === undefined ? {} : { rdev }),
      ...(target === undefined ? {} : { target }),
    }
    return new PosixInode({ ...this.#next(), ...owned, ...more })
  }

  create(at: At, init: New): PosixInode {
    this.#mustBeFree(at)
    const inode = this.make(at.directory, init)
    this.#enter(at, inode)
    return inode
  }

  #mustBeFree({ directory, name }: At): void {
    if (this.find({ directory, name }) !== undefined) fail('EEXIST', `${name} is there`)
    if (directory.nlink === 0) fail('ENOENT', 'the directory was removed')
  }

  #enter({ directory, name }: At, inode: PosixInode): void {
    directory.entries.set(name, inode)
    inode.nlink += inode.isDirectory ? 2 : 1
    if (inode.isDirectory) {
      inode.parent = directory
      directory.nlink++
    }
    directory.changed(this.#now(), { content: true })
  }

  #leave({ directory, name }: At, inode: PosixInode): void {
    directory.entries.delete(name)
    inode.nlink -= inode.isDirectory ? 2 : 1
    if (inode.isDirectory) {
      inode.parent = undefined
      directory.nlink--
    }
    inode.changed(this.#now(), { content: false })
    directory.changed(this.#now(), { content: true })
  }

  link(inode: PosixInode, at: At): void {
    if (inode.isDirectory) fail('EPERM', 'a directory has one name')
    if (inode.nlink >= MAX_LINKS) fail('EMLINK', 'too many names')
    this.#mustBeFree(at)
    this.#enter(at, inode)
    inode.changed(this.#now(), { content: false })
  }

  unlink(at: At): PosixInode {
    const inode = this.#existing(at)
    if (inode.isDirectory) fail('EISDIR', 'a directory')
    this.#leave(at, inode)
    return inode
  }

  rmdir(at: At): PosixInode {
    const inode = this.#existing(at)
    mustBeRemovable(inode)
    this.#leave(at, inode)
    return inode
  }

  /** @returns what was replaced */
  rename(from: At, to: At, mode: RenameMode): PosixInode | undefined {
    const inode = this.#existing(from)
    const other = this.find(to)
    if (mode === 'no-replace' && other !== undefined) fail('EEXIST', `${to.name} is there`)
    if (to.directory.nlink === 0) fail('ENOENT', 'the directory was removed')
    if (inode.isDirectory && isInside(to.directory, inode)) fail('EINVAL', 'into itself')
    if (mode === 'exchange') return this.#exchange(from, to)
    if (other === inode) return undefined
    if (other !== undefined) mustBeReplaceable(inode, other)
    if (other !== undefined) this.#leave(to, other)
    this.#leave(from, inode)
    this.#enter(to, inode)
    return other
  }

  #exchange(from: At, to: At): undefined {
    const [one, other] = [this.#existing(from), this.#existing(to)]
    if (other.isDirectory && isInside(from.directory, other)) fail('EINVAL', 'into itself')
    if (one === other) return
    this.#leave(from, one)
    this.#leave(to, other)
    this.#enter(from, other)
    this.#enter(to, one)
  }

  setattr(inode: PosixInode, changes: AttributeChanges): void {
    const now = this.#now()
    if (changes.size !== undefined) this.#resize(inode, changes.size)
    inode.mode = changes.mode ?? inode.mode
    inode.uid = changes.uid ?? inode.uid
    inode.gid = changes.gid ?? inode.gid
    if (changes.atime !== undefined) inode.atime = instantOf(changes.atime, now)
    if (changes.mtime !== undefined) inode.mtime = instantOf(changes.mtime, now)
    inode.changed(now, { content: false })
  }

  #resize(inode: PosixInode, size: number): void {
    if (inode.isDirectory) fail('EISDIR', 'a directory')
    if (inode.type !== 'file') fail('EINVAL', 'not a file')
    inode.content.resize(size)
    inode.changed(this.#now(), { content: true })
  }

  write(inode: PosixInode, from: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    inode.content.write(from, bytes)
    inode.changed(this.#now(), { content: true })
  }
}

function mayHaveGroup({ uid, gid, groups }: Caller, wanted: number): boolean {
  return uid === 0 || gid === wanted || groups.includes(wanted)
}

function isInside(directory: PosixInode, ancestor: PosixInode): boolean {
  for (let at: PosixInode | undefined = directory; at !== undefined; at = at.parent) {
    if (at === ancestor) return true
    if (at.parent === at) return false
  }
  return false
}

function mustBeRemovable(inode: PosixInode): void {
  if (!inode.isDirectory) fail('ENOTDIR', 'not a directory')
  if (inode.entries.size > 0) fail('ENOTEMPTY', 'not empty')
}

function mustBeReplaceable(inode: PosixInode, other: PosixInode): void {
  if (inode.isDirectory) mustBeRemovable(other)
  else if (other.isDirectory) fail('EISDIR', 'a directory')
}
