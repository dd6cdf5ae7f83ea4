// What peers say to each other about bytes that were written and are not on the source yet: to keep
// copies of them, to drop those, to put them on the source. `src/file/dirty` says what it means. Plain
// data, apart from the other messages because it is a matter of its own.
import type { Inode, Path, PeerId, Stamp } from '../messages.ts'

/** Under which a writer's dirty bytes are known: one life of it, and one keeper of their copies. */
export type DirtySession = {
  /** The writer's life number, and a number of the session in it. */
  readonly session: number
  readonly volume: string
}

/** One write as its copy is kept. */
export type DirtyPiece = {
  readonly inode: Inode
  /** A hint, as everywhere; '' where it has no name. */
  readonly path: Path
  /** Grows with each write of the session. */
  readonly sequence: number
  readonly from: number
  readonly bytes: Uint8Array
  /** Who wrote it, as the source must see it. */
  readonly uid: number
  readonly gid: number
  /** When; whole milliseconds since 1970. */
  readonly writtenMs: number
}

export type DirtyQuestion =
  /** Keep copies for us. */
  | ({ readonly step: 'begin' } & DirtySession)
  | ({ readonly step: 'keep' } & DirtySession & DirtyPiece)
  /** What was written to the inode up to this number is on the source, or void. */
  | ({ readonly step: 'drop'; readonly inode: Inode; readonly through: number } & DirtySession)
  /** We live, and you have our copies. */
  | ({ readonly step: 'renew' } & DirtySession)
  /** Is this session still yours? */
  | ({ readonly step: 'alive' } & DirtySession)
  /** Put all that `by` has of this inode on the source. */
  | ({ readonly step: 'recall'; readonly inode: Inode; readonly by: PeerId } & DirtySession)

export type DirtyRefusal =
  /** No room for copies, or no source here to put them on. */
  | 'full'
  /** You were silent for so long that we have put your bytes on the source. */
  | 'taken'
  /** Nobody here knows this session: it was of another life. */
  | 'unknown'

export type DirtyAnswer =
  | { readonly type: 'kept' }
  | { readonly type: 'refused'; readonly why: DirtyRefusal }
  /** All of it is on the source, or void, since before this stamp. */
  | { readonly type: 'clean'; readonly stamp: Stamp }
