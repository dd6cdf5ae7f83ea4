// Which state of a file a block belongs to. Attributes and data come by different ways; the version
// ties them together, so that blocks of an old and a new state are never mixed in one file.
import type { Attributes } from '../ports/messages.ts'

const MASK = (1n << 52n) - 1n

/**
 * 52 bits out of mtime, ctime and size. ctime counts too: `touch -d` and `cp -a` can set the mtime
 * back, nothing sets the ctime back.
 */
export function versionOf(attributes: Attributes): number {
  const { mtimeSeconds, mtimeNanos, ctimeSeconds, ctimeNanos, size } = attributes
  let mixed = BigInt(mtimeSeconds) * 1_000_000_000n + BigInt(mtimeNanos)
  mixed = mixed * 0x9e3779b97f4a7c15n + BigInt(ctimeSeconds) * 1_000_000_000n + BigInt(ctimeNanos)
  mixed = mixed * 0xc2b2ae3d27d4eb4fn + BigInt(size)
  const folded = BigInt.asUintN(64, mixed ^ (mixed >> 64n))
  // 0 means "no version".
  return Number((folded ^ (folded >> 52n)) & MASK) || 1
}

/** Whether anything that `stat` shows, other than the access time, differs. */
export function areAttributesEqual(a: Attributes, b: Attributes): boolean {
  return (
    a.inode === b.inode &&
    a.type === b.type &&
    a.mode === b.mode &&
    a.nlink === b.nlink &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.rdev === b.rdev &&
    isSameContent(a, b)
  )
}

export function isSameContent(a: Attributes, b: Attributes): boolean {
  return (
    a.size === b.size &&
    a.mtimeSeconds === b.mtimeSeconds &&
    a.mtimeNanos === b.mtimeNanos &&
    a.ctimeSeconds === b.ctimeSeconds &&
    a.ctimeNanos === b.ctimeNanos
  )
}
