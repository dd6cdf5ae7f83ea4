import type { Inode } from '../ports/messages.ts'

/** Marks inode numbers made here, of inodes beneath a mount point inside the tree. */
const MADE = 1n << 63n
const MASK = (1n << 64n) - 1n
const FNV_PRIME = 0x100000001b3n

/** What `stat` shows as st_ino: the source's number, mixed with the mount point where there is one. */
export function inodeNumber(inode: Inode): bigint {
  const at = inode.indexOf('@')
  if (at < 0) return BigInt(inode)
  let mixed = BigInt(inode.slice(0, at)) ^ 0xcbf29ce484222325n
  for (let i = at; i < inode.length; i++) {
    mixed = ((mixed ^ BigInt(inode.charCodeAt(i))) * FNV_PRIME) & MASK
  }
  return mixed | MADE
}
