import type { Attributes, Inode, Name, Path } from './messages.ts'

export type SourceOptions = { readonly signal?: AbortSignal }

export type SourceEntry = {
  readonly name: Name
  readonly attributes: Attributes
  /** A symbolic link's target as a byte string; undefined for the rest. */
  readonly target?: string
}

export type Listing = {
  readonly self: Attributes
  /** How many names the directory has, chosen or not. */
  readonly count: number
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
   * A directory with the attributes of its children. `choose` picks, from all names, the ones whose
   * attributes are wanted, for a directory that is split. A child that disappears while the
   * directory is read is left out.
   */
  list(
    path: Path,
    options?: SourceOptions & { readonly choose?: (names: readonly Name[]) => readonly Name[] },
  ): Promise<Listing>

  /**
   * Bytes of a regular file, fewer only at its end, and the attributes of the *opened* file taken
   * just after they were read, so that blocks read one after another with the same attributes are of
   * one state; of a file read as a whole, at a time from which on nothing older was read.
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
