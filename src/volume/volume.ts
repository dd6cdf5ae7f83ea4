// What a mount needs of a volume: the file operations by *nodeid*, the number by which the kernel
// knows an inode. `fuse/` is written against this interface alone, so it is also the seam at which
// the protocol is tested with a fake.
import type {
  Allocation,
  AttributeChanges,
  Caller,
  LockRange,
  NewName,
  Node,
  OpenMode,
  RenameMode,
  XattrMode,
} from '../ports/changes.ts'
import type { Attributes, FileType, Inode, Name } from '../ports/messages.ts'
import type { SourceUsage } from '../ports/source.ts'

/** The kernel's number for an inode; 1 is the volume's root. Never reused within a node's life. */
export type Nodeid = number

export const ROOT_NODEID: Nodeid = 1

export type Options = {
  readonly signal?: AbortSignal
  /** The thread that asks, where it is known; it is believed for hints alone. */
  readonly pid?: number
}

/** How long the kernel may believe what it was told, in milliseconds; 0 for not at all. */
export type Valid = { readonly validMs: number }

export type Entry = Valid & { readonly nodeid: Nodeid; readonly attributes: Attributes }

/** A name that is not there, which the kernel may remember too. */
export type Absent = Valid & { readonly nodeid: 0 }

export type DirectoryEntry = {
  readonly name: Name
  /** Pass this as `offset` to go on behind this entry. */
  readonly nextOffset: number
} & (
  | { readonly attributes: Attributes }
  /** Nobody has asked for its attributes yet, since they cost the source an operation. */
  | { readonly attributes?: undefined; readonly type: FileType }
)

/** One of several mounts of a volume; known by its identity alone. */
export type Asker = object

/**
 * What the kernel must forget. Told after the node itself has forgotten it. What comes of a change
 * names who asked for it: that mount's kernel knows, and would lose the pages it has just written.
 */
export type KernelInvalidation = { readonly asker?: Asker | undefined } & KernelNews

type KernelNews =
  /** Attributes, and with `data` the cached pages too. */
  | { readonly type: 'inode'; readonly nodeid: Nodeid; readonly data: boolean }
  /** A name in a directory, present or absent. */
  | { readonly type: 'entry'; readonly parent: Nodeid; readonly name: Name }
  /** Every name of the volume, present or absent. */
  | { readonly type: 'everything' }

export type OpenFile = {
  readonly handle: number
  /** The file is unchanged since the kernel last cached pages of it. */
  readonly keepCache: boolean
  /** The kernel keeps none of its pages: every read comes here as the program made it. */
  readonly directIo?: boolean
}

/**
 * The read side of a volume. All methods throw PotluckError with an errno code or a mesh code.
 * `lookup` and `readdirPlus` each give the kernel one reference to every nodeid they return, which
 * `forget` takes back.
 */
export interface Volume {
  readonly name: string
  readonly blockBytes: number
  /** The kernel may believe nothing for longer than it is told, pages neither. @default false */
  readonly isStrict?: boolean

  lookup(parent: Nodeid, name: Name, options?: Options): Promise<Entry | Absent>
  getattr(nodeid: Nodeid, options?: Options): Promise<Valid & { readonly attributes: Attributes }>
  /** The target as a byte string. */
  readlink(nodeid: Nodeid, options?: Options): Promise<string>

  open(nodeid: Nodeid, options?: Options): Promise<OpenFile>
  /** At most `length` bytes from `offset`, fewer only at the end, as slices that are not copied. */
  read(
    handle: number,
    range: { from: number; length: number },
    options?: Options,
  ): Promise<readonly Uint8Array[]>
  release(handle: number): void

  /**
   * A snapshot of the directory: what `readdir` answers does not change until it is released. With
   * `isWhole` every entry has its attributes.
   */
  opendir(nodeid: Nodeid, options?: Options & { readonly isWhole?: boolean }): Promise<number>
  /** Entries from `offset` on (0 is the start), '.' and '..' first; [] at the end. Takes no references. */
  readdir(handle: number, offset: number): readonly DirectoryEntry[]
  /** Makes an entry out of what `readdir` gave, taking a reference; not of one without attributes. */
  reference(handle: number, entry: DirectoryEntry): Entry | undefined
  releasedir(handle: number): void

  statfs(options?: Options): Promise<SourceUsage>
  /** @throws PotluckError ENODATA, or ENOTSUP where the volume carries no extended attributes. */
  getxattr(nodeid: Nodeid, name: Name, options?: Options): Promise<Uint8Array>
  listxattr(nodeid: Nodeid, options?: Options): Promise<readonly Name[]>

  forget(nodeid: Nodeid, count: number): void
  /** The number `stat` shows as st_ino. */
  inodeNumber(inode: Inode): bigint

  /** A listener may say when the kernel has done so. */
  subscribe(listener: KernelListener): () => void
}

export type KernelListener = (invalidation: KernelInvalidation) => Promise<void> | undefined | void

/** Everything that changes something says on whose behalf, and through which mount if any. */
export type ChangeOptions = Options & { readonly caller: Caller; readonly asker?: Asker }

/** Where a write went, and how many bytes of it. */
export type Written = { readonly from: number; readonly length: number }

/** An inode's attributes as they are after a change; the kernel may believe them so long. */
export type Changed = Valid & { readonly attributes: Attributes }

/**
 * The write side of a volume. A method resolves once the change is on the source (in write-back mode:
 * once two peers have it), is seen by every later operation of this node, and has been told to the
 * others; it throws what the source answered. What gives an `Entry` gives the kernel a reference.
 */
export interface WritableVolume extends Volume {
  setattr(
    nodeid: Nodeid,
    changes: AttributeChanges,
    options: ChangeOptions & { readonly handle?: number },
  ): Promise<Changed>
  create(
    at: NewName,
    how: OpenMode & { readonly mode: number; readonly isExclusive: boolean },
    options: ChangeOptions,
  ): Promise<{ readonly entry: Entry; readonly file: OpenFile }>
  /** A file without a name, gone with its last handle unless `link` gives it one. */
  tmpfile(
    parent: Nodeid,
    how: OpenMode & { readonly mode: number },
    options: ChangeOptions,
  ): Promise<{ readonly entry: Entry; readonly file: OpenFile }>
  mknod(at: NewName, node: Node, options: ChangeOptions): Promise<Entry>
  mkdir(at: NewName, mode: number, options: ChangeOptions): Promise<Entry>
  symlink(at: NewName, target: string, options: ChangeOptions): Promise<Entry>
  link(nodeid: Nodeid, at: NewName, options: ChangeOptions): Promise<Entry>
  unlink(at: NewName, options: ChangeOptions): Promise<void>
  rmdir(at: NewName, options: ChangeOptions): Promise<void>
  rename(
    from: NewName,
    to: NewName,
    options: ChangeOptions & { readonly mode: RenameMode },
  ): Promise<void>
  setxattr(
    nodeid: Nodeid,
    xattr: { readonly name: Name; readonly value: Uint8Array; readonly mode: XattrMode },
    options: ChangeOptions,
  ): Promise<void>
  removexattr(nodeid: Nodeid, name: Name, options: ChangeOptions): Promise<void>

  /** Open for more than reading. The handle is released as any other. */
  openWith(nodeid: Nodeid, how: OpenMode, options: ChangeOptions): Promise<OpenFile>
  /**
   * Writes all of the bytes unless the source has no more room. 'end' is the end of the file as the
   * source has it, whatever others append meanwhile; every other offset is meant as it is, of a file
   * opened for appending too (the kernel writes back mapped pages through any handle). The bytes
   * may lie in shared memory: they are the volume's until the promise is settled, and somebody
   * else's from then on.
   */
  write(
    handle: number,
    what: { readonly from: number | 'end'; readonly bytes: Uint8Array },
    options: ChangeOptions,
  ): Promise<Written>
  allocate(
    handle: number,
    range: { readonly from: number; readonly length: number; readonly how: Allocation },
    options: ChangeOptions,
  ): Promise<void>
  copyRange(
    from: { readonly handle: number; readonly offset: number },
    to: { readonly handle: number; readonly offset: number },
    options: ChangeOptions & { readonly length: number },
  ): Promise<number>
  /** The next data or hole at or behind `from`. @throws PotluckError ENXIO where there is none */
  seek(
    handle: number,
    from: number,
    options: Options & { readonly for: 'data' | 'hole' },
  ): Promise<number>
  /** What close(2) does: errors of earlier writes come out here, the owner's range locks go. */
  flush(handle: number, options: Options & { readonly owner: bigint }): Promise<void>
  /** Once it resolves, what was written is safe on the source. */
  sync(handle: number, options: Options & { readonly dataOnly: boolean }): Promise<void>
  syncDirectory(handle: number, options?: Options): Promise<void>

  /** Sets or drops a lock; with `wait` once it is free. @throws PotluckError EAGAIN without */
  lock(
    nodeid: Nodeid,
    range: LockRange,
    options: Options & { readonly wait: boolean },
  ): Promise<void>
  /** The lock that stands in the way of this one, or undefined. */
  conflictingLock(
    nodeid: Nodeid,
    range: LockRange,
    options?: Options,
  ): Promise<LockRange | undefined>
}

/** Whether this volume takes changes at all; a read-only one answers EROFS. */
export function isWritable(volume: Volume): volume is WritableVolume {
  return 'setattr' in volume
}
