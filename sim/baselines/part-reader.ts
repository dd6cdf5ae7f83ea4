// Byte ranges of files in parts of one size, with some parts asked for ahead of the reader, as the
// client of any network file system does. What was handed out is forgotten: the kernel keeps it.
import type { Path } from '../../src/ports/messages.ts'
import type { SimTree } from '../storage/tree.ts'

export type PartReaderInit = {
  readonly tree: SimTree
  readonly partBytes: number
  /** How many parts of one file are under way at a time. */
  readonly ahead: number
  readonly fetch: (path: Path, index: number) => Promise<Uint8Array>
}

type Range = { readonly from: number; readonly length: number }
type Parts = Map<number, Promise<Uint8Array>>

export class PartReader {
  readonly #init: PartReaderInit
  readonly #open = new Map<Path, Parts>()

  constructor(init: PartReaderInit) {
    this.#init = init
  }

  /** The bytes in order, fewer only at the end. @throws what a fetch failed with */
  async read(path: Path, range: Range): Promise<readonly Uint8Array[]> {
    const { tree, partBytes, ahead } = this.#init
    // Its size is known to whoever has asked for its attributes, which the kernel did.
    const { size } = tree.find(path)
    const end = Math.min(size, range.from + range.length)
    if (range.from >= end) return []
    const parts = this.#open.get(path) ?? new Map<number, Promise<Uint8Array>>()
    this.#open.set(path, parts)
    // Who does not begin at the start goes on, most likely, behind what is read now.
    const known = Math.ceil((range.from > 0 ? size : end) / partBytes)
    const slices: Uint8Array[] = []
    for (let at = range.from; at < end;) {
      const index = Math.floor(at / partBytes)
      this.#ask(parts, path, { from: index, to: Math.min(known, index + ahead) })
      const start = index * partBytes
      // In order, as a program reads: what comes later is under way already.
      const bytes = await this.#part(parts, path, index)
      slices.push(bytes.subarray(at - start, Math.min(end - start, partBytes)))
      at = start + partBytes
      if (at <= end) parts.delete(index)
    }
    if (end === size) this.#open.delete(path)
    return slices
  }

  #ask(parts: Parts, path: Path, { from, to }: { from: number; to: number }): void {
    for (let index = from; index < to; index++) void this.#part(parts, path, index)
  }

  #part(parts: Parts, path: Path, index: number): Promise<Uint8Array> {
    const known = parts.get(index)
    if (known !== undefined) return known
    const part = this.#init.fetch(path, index)
    // Whoever reads the part gets the error.
    part.catch(() => {})
    parts.set(index, part)
    return part
  }
}
