// Changes of simulated inodes and of their bytes.
import type { Allocation, AttributeChanges, Time } from '../../../src/ports/changes.ts'
import type { FileChange, InodeChange, Outcome } from '../../../src/ports/writable-source.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import type { SimInode, SimTree } from '../tree.ts'
import {
  type Changed,
  fileOf,
  inodeEffect,
  inodeOf,
  type OpenFiles,
  refuse,
} from './change-names.ts'

/** The bytes of a file, a copy. */
export type BytesOf = (file: SimInode) => Uint8Array

export type Ports = { readonly tree: SimTree; readonly files: OpenFiles; readonly bytesOf: BytesOf }

/** @throws PotluckError with the errno that a local file system would give */
export function changeInode(ports: Ports, change: InodeChange, umask: number): Changed {
  const { tree, files } = ports
  const inode = inodeOf(tree, change.on, files)
  switch (change.type) {
    case 'setattr':
      setAttributes(ports, inode, change.changes)
      return {
        effects: [inodeEffectAs(change.on.inode, inode, change.changes.size !== undefined)],
      }
    case 'open':
      refuse(inode.type === 'directory', 'EISDIR', change.on.path)
      refuse(inode.type === 'symlink', 'ELOOP', change.on.path)
      if (!change.how.truncate) return { effects: [], opened: inode }
      write(ports, inode, new Uint8Array(0))
      return { effects: [inodeEffect(inode, true)], opened: inode }
    case 'tmpfile': {
      refuse(inode.type !== 'directory', 'ENOTDIR', change.on.path)
      const made = tree.makeNameless('file', change.mode & ~umask)
      return { effects: [inodeEffect(made)], opened: made }
    }
    case 'sync-directory':
      return { effects: [] }
    default:
      throw new PotluckError('ENOTSUP', 'simulated inodes have no extended attributes')
  }
}

function inodeEffectAs(name: string, inode: SimInode, isContent: boolean) {
  return { ...inodeEffect(inode, isContent), inode: name }
}

function setAttributes(ports: Ports, inode: SimInode, changes: AttributeChanges): void {
  const { mode, uid, gid, size, atime, mtime } = changes
  if (size !== undefined) resize(ports, inode, size)
  ports.tree.alter(inode, {
    ...(mode !== undefined && { mode }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  if (atime !== undefined) inode.accessed = timeOf(inode, atime)
  if (mtime !== undefined) inode.modified = timeOf(inode, mtime)
}

/** Now is when it was changed: just now. */
function timeOf({ changed }: SimInode, time: Time) {
  return time === 'now' ? changed : time
}

/** @throws PotluckError with the errno that a local file system would give */
export function changeFile(ports: Ports, change: Exclude<FileChange, { type: 'close' }>): Outcome {
  if (change.type === 'sync') return { effects: [] }
  const { handle, from } = change.of
  const file = fileOf(ports.files, handle)
  switch (change.type) {
    case 'read': {
      const bytes = ports.bytesOf(file).slice(from, from + change.length)
      return { effects: [], bytes, count: bytes.length }
    }
    case 'write': {
      const offset = change.isAppend ? file.size : from
      put(ports, file, { bytes: change.bytes, at: offset })
      return { effects: [inodeEffect(file, true)], count: change.bytes.length, offset }
    }
    case 'allocate':
      allocate(ports, file, { from, length: change.length, how: change.how })
      return { effects: [inodeEffect(file, true)] }
    case 'copy': {
      const to = fileOf(ports.files, change.to.handle)
      const bytes = ports.bytesOf(file).slice(from, from + change.length)
      put(ports, to, { bytes, at: change.to.from })
      return { effects: [inodeEffect(to, true)], count: bytes.length }
    }
    case 'seek':
      refuse(from >= file.size, 'ENXIO', 'behind the end')
      return { effects: [], offset: change.for === 'data' ? from : file.size }
  }
}

function put(
  ports: Ports,
  file: SimInode,
  { bytes, at }: { readonly bytes: Uint8Array; readonly at: number },
): void {
  const all = new Uint8Array(Math.max(file.size, at + bytes.length))
  all.set(ports.bytesOf(file))
  all.set(bytes, at)
  write(ports, file, all)
}

function resize(ports: Ports, file: SimInode, size: number): void {
  const all = new Uint8Array(size)
  all.set(ports.bytesOf(file).subarray(0, size))
  write(ports, file, all)
}

function allocate(
  ports: Ports,
  file: SimInode,
  { from, length, how }: { from: number; length: number; how: Allocation },
): void {
  const isZeroed = how === 'zero' || how === 'zero-keep-size' || how === 'punch-hole'
  const isGrowing = how === 'extend' || how === 'zero'
  if (isGrowing && from + length > file.size) resize(ports, file, from + length)
  const end = Math.min(file.size, from + length)
  if (isZeroed && end > from) put(ports, file, { bytes: new Uint8Array(end - from), at: from })
}

function write({ tree }: Ports, file: SimInode, bytes: Uint8Array): void {
  tree.alter(file, { bytes, size: bytes.length })
}
