// Byte ranges of files in parts, as the client of any network file system reads them: what was asked for
// and no more where the reader jumps, and parts ahead of it where it goes on in order. What was handed
// out is forgotten: the kernel keeps it.
import type { Path } from '../../src/ports/messages.ts'
import type { SimTree } from '../storage/tree.ts'

export type Range = { readonly from: number; readonly length: number }

export type PartReaderInit = {
  readonly tree: SimTree
  /** One request is for at most so many bytes, and never across a multiple of them. */
  readonly partBytes: number
  /** How many requests for one file are under way at a time. */
  readonly ahead: number
  readonly fetch: (path: Path, range: Range) => Promise<Uint8Array>
}

type Part = { readonly from: number; readonly to: number; readonly bytes: Promise<Uint8Array> }

type OpenFile = {
  /** In order, without gaps; as many as may be under way. */
  parts: Part[]
  /** Where the last read ended. */
  nextFrom: number
}

export class PartReader {
  readonly #init: PartReaderInit
  readonly #open = new Map<Path, OpenFile>()

  constructor(init: PartReaderInit) {
    this.#init = init
  }

  /** The bytes in order, fewer only at the end. @throws what a fetch failed with */
  async read(path: Path, range: Range): Promise<readonly Uint8Array[]> {
    // Its size is known to whoever has asked for its attributes, which the kernel did.
    const { size } = this.#init.tree.find(path)
    const end = Math.min(size, range.from + range.length)
    if (range.from >= end) return []
    const file = this.#open.get(path) ?? { parts: [], nextFrom: 0 }
    this.#open.set(path, file)
    const goesOn = range.from > 0 && range.from === file.nextFrom
    if (!goesOn) file.parts = []
    file.nextFrom = end
    const slices = await this.#inOrder(path, file, {
      from: range.from,
      end,
      known: goesOn ? size : end,
    })
    if (end === size) this.#open.delete(path)
    return slices
  }

  /** Asks up to `known`, answers up to `end`. */
  async #inOrder(
    path: Path,
    file: OpenFile,
    { from, end, known }: { from: number; end: number; known: number },
  ): Promise<Uint8Array[]> {
    const slices: Uint8Array[] = []
    for (let at = from; at < end;) {
      file.parts = file.parts.filter((part) => part.to > at)
      this.#ask(path, file, { from: at, to: known })
      const part = file.parts[0] as Part
      // In order, as a program reads: what comes later is under way already.
      slices.push((await part.bytes).subarray(at - part.from, end - part.from))
      at = Math.min(end, part.to)
    }
    return slices
  }

  #ask(path: Path, file: OpenFile, { from, to }: { from: number; to: number }): void {
    const { partBytes, ahead, fetch } = this.#init
    while (file.parts.length < ahead) {
      const start = file.parts.at(-1)?.to ?? from
      if (start >= to) return
      const end = Math.min(to, start - (start % partBytes) + partBytes)
      const bytes = fetch(path, { from: start, length: end - start })
      // Whoever reads the part gets the error.
      bytes.catch(() => {})
      file.parts.push({ from: start, to: end, bytes })
    }
  }
}
