/** What a reader process is told, and what it tells. Through the channel of `fork`. */
export type ReaderTask = {
  /** The names in the root that are read; all where absent. */
  readonly only?: readonly string[]
} & (
  | { readonly type: 'directory'; readonly root: string }
  | { readonly type: 'api'; readonly socket: string; readonly volume: string }
)

export type ReaderMessage =
  | { readonly type: 'progress'; readonly files: number; readonly bytes: number }
  | {
      readonly type: 'done'
      readonly files: number
      readonly bytes: number
      readonly seconds: number
      /** Path and sentence of everything read. */
      readonly sentences: readonly (readonly [string, string])[]
    }
  | { readonly type: 'failed'; readonly message: string }
