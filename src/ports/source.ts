import type { StopSignal } from '../base/abort.ts'
import type { Attributes, FileType, Inode, Name, Path } from './messages.ts'

export type SourceOptions = { readonly signal?: StopSignal }

export type SourceEntry = {
  readonly name: Name
  readonly attributes: Attributes
  /** A symbolic link's target as a byte string; undefined for the rest. */
  readonly target?: string
}

/** A name as the directory itself has it, before anybody looked at what it leads to. */
export type SourceName = {
  readonly name: Name
  readonly type: FileType
}

export type Listing = {
  readonly self: Attributes
  /** All names of the directory, chosen or not. */
  readonly names: readonly SourceName[]
  /** The chosen ones with their attributes. */
  readonly entries: readonly SourceEntry[]
}

export type SourceRange = {
  /** The inode that must be found at the path; another one there throws ESTALE. */
  readonly inode: Inode
  readonly from: number
  readonly length: number
}

export type SourceUsage = {
  readonly blockBytes: number
  readonly blocks: number
  readonly blocksFree: number
  readonly blocksAvailable: number
  readonly files: number
  readonly filesFree: number
}

/**
 * The slow shared storage behind a volume, read-only here. Counts are kept by whoever wraps it.
 *
 * Every method throws PotluckError with the errno of the failed call, ETIMEDOUT where the storage
 * did not answer in time, and never reads outside the volume's root, whatever the path says.
 */
export interface Source {
  attributes(path: Path, options?: SourceOptions): Promise<Attributes>

  /**
   * A directory's names, and the attributes of its children. `choose` picks, from all names, the
   * ones whose attributes are wanted: on most storage each costs an operation. A child that
   * disappears while the directory is read is left out of `entries`.
   */
  list(
    path: Path,
    options?: SourceOptions & { readonly choose?: (names: readonly Name[]) => readonly Name[] },
  ): Promise<Listing>

  /** These children of a directory, as `list` has them; those that are not there are left out. */
  entries(
    directory: Path,
    names: readonly Name[],
    options?: SourceOptions,
  ): Promise<readonly SourceEntry[]>

  /**
   * Bytes of a regular file, fewer only at its end, and the attributes of the *opened* file taken
   * just after they were read, so that blocks read one after another with the same attributes are of
   * one state; of a file read as a whole, at a time from which on nothing older was read, and of which
   * the size is that of the bytes, so that a file that grows is never cut to a state that never was.
   */
  read(
    path: Path,
    range: SourceRange,
    options?: SourceOptions,
  ): Promise<{ readonly attributes: Attributes; readonly bytes: Uint8Array }>

  /** All extended attributes of an inode. */
  xattrs(path: Path, options?: SourceOptions): Promise<ReadonlyMap<Name, Uint8Array>>

  usage(options?: SourceOptions): Promise<SourceUsage>

  close(): Promise<void>
}
