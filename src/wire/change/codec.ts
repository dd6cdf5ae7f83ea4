import type { ByteReader } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'

/** How each kind of a change is written, and read back. */
export type Codecs<C extends { readonly type: string }> = {
  readonly [T in C['type']]: {
    readonly write: (writer: ByteWriter, change: Extract<C, { readonly type: T }>) => void
    readonly read: (reader: ByteReader) => Omit<Extract<C, { readonly type: T }>, 'type'>
  }
}
