// Changes as plain data: what the kernel asked for, in the words of the tree instead of nodeids. A
// change may cross the network to a peer that has the source, and is done there in one go.
//
// Paths are hints, as everywhere: the inode that is expected there goes with them, and where another
// one is found the change is not made (ESTALE), so that nobody changes what they did not mean.
import type {
  Allocation,
  AttributeChanges,
  Caller,
  Node,
  OpenMode,
  RenameMode,
  XattrMode,
} from './changes.ts'
import type { Attributes, Inode, Invalidation, Name, Path } from './messages.ts'
import type { Source, SourceEntry, SourceOptions } from './source.ts'

/** A name in a directory. */
export type At = { readonly directory: Inode; readonly path: Path; readonly name: Name }

/** An inode: by a path of it, or, where it is open there, by the source's handle. */
export type Target = {
  readonly inode: Inode
  readonly path: Path
  readonly handle?: number | undefined
}

export type Span = { readonly handle: number; readonly from: number }

/** Answers with a handle for reading where a regular file lost its last name by it. */
export type Keep = true

export type NameChange =
  /** Answers with a handle, also where the file was there already and that was allowed. */
  | {
      readonly type: 'create'
      readonly at: At
      readonly mode: number
      readonly isExclusive: boolean
      readonly how: OpenMode
    }
  | { readonly type: 'mknod'; readonly at: At; readonly node: Node }
  | { readonly type: 'mkdir'; readonly at: At; readonly mode: number }
  | { readonly type: 'symlink'; readonly at: At; readonly target: string }
  | { readonly type: 'link'; readonly from: Target; readonly at: At }
  | { readonly type: 'unlink'; readonly at: At; readonly keep?: Keep }
  | { readonly type: 'rmdir'; readonly at: At }
  | {
      readonly type: 'rename'
      readonly from: At
      readonly at: At
      readonly mode: RenameMode
      readonly keep?: Keep
    }

export type InodeChange =
  | { readonly type: 'setattr'; readonly on: Target; readonly changes: AttributeChanges }
  | {
      readonly type: 'setxattr'
      readonly on: Target
      readonly name: Name
      readonly value: Uint8Array
      readonly mode: XattrMode
    }
  | { readonly type: 'removexattr'; readonly on: Target; readonly name: Name }
  /** Answers with a handle. */
  | { readonly type: 'open'; readonly on: Target; readonly how: OpenMode }
  /** In a directory; answers with a handle. */
  | {
      readonly type: 'tmpfile'
      readonly on: Target
      readonly mode: number
      readonly how: OpenMode
    }
  | { readonly type: 'sync-directory'; readonly on: Target }

/** What is done to an open file by its handle. */
export type FileChange =
  | { readonly type: 'read'; readonly of: Span; readonly length: number }
  /** `isAppend`: at the end as the source has it, whatever `from` says. */
  | {
      readonly type: 'write'
      readonly of: Span
      readonly bytes: Uint8Array
      readonly isAppend: boolean
    }
  | {
      readonly type: 'allocate'
      readonly of: Span
      readonly length: number
      readonly how: Allocation
    }
  | { readonly type: 'copy'; readonly of: Span; readonly to: Span; readonly length: number }
  | { readonly type: 'seek'; readonly of: Span; readonly for: 'data' | 'hole' }
  | { readonly type: 'sync'; readonly handle: number; readonly dataOnly: boolean }
  | { readonly type: 'close'; readonly handle: number }

export type Change = NameChange | InodeChange | FileChange

/** What is so on the source, right after a change and because of it. */
export type Effect =
  /** A name leads to this entry now, or, without one, nowhere. */
  | {
      readonly type: 'name'
      readonly directory: Inode
      readonly name: Name
      readonly entry: SourceEntry | undefined
    }
  /** An inode has these attributes; `isContent` where its bytes may have changed, too. */
  | {
      readonly type: 'inode'
      readonly inode: Inode
      readonly attributes: Attributes
      readonly isContent: boolean
    }

export type Outcome = {
  /** In the order in which they must be taken in. */
  readonly effects: readonly Effect[]
  /** Of what was opened. */
  readonly handle?: number | undefined
  /** Bytes written, copied or read. */
  readonly count?: number | undefined
  /** Where they were written, or what was sought. */
  readonly offset?: number | undefined
  readonly bytes?: Uint8Array | undefined
}

/** A change that was made, stamped, with the news of it. */
export type Made = Omit<Outcome, 'effects'> & { readonly news: readonly Invalidation[] }

export type ChangeOptions = SourceOptions & { readonly caller: Caller }

/** A source that takes changes. Who asks for changes of one inode at a time gets them in order. */
export interface WritableSource extends Source {
  /**
   * Makes a change as the caller would have made it: the source's own permissions decide.
   *
   * @throws PotluckError with the errno of what failed; ESTALE where another inode is at a path;
   *   EBADF for a handle that is not open
   */
  change(change: Change, options: ChangeOptions): Promise<Outcome>
}

export function isWritableSource(source: Source): source is WritableSource {
  return 'change' in source
}
