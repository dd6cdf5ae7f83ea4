// A warming told line by line. Only the newest progress is kept for a reader that is slow, so the
// queue is one line long whatever the tree's size.
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeshNode } from '../../src/node/mesh-node.ts'
import type { WarmLine } from './protocol.ts'

/** A person sees no more; a line for each of a million files would cost more than it says. */
const LINE_EVERY_MS = 50

export type Warming = {
  readonly volume: string
  readonly paths: readonly string[]
  readonly everyNode: boolean
  /** What the trace of this name holds, and not paths. */
  readonly trace: string | undefined
  readonly signal: AbortSignal
}

/** @throws what the warming throws, behind the progress made until then */
export async function* warmLines(node: MeshNode, warming: Warming): AsyncGenerator<WarmLine> {
  const newest = new Newest<WarmLine>()
  const { volume, paths, everyNode, trace, signal } = warming
  const work = node.warm(volume, paths, {
    signal,
    everyNode,
    ...(trace === undefined ? {} : { trace }),
    onProgress: (progress) => newest.put({ type: 'progress', ...progress }),
  })
  work.then(
    () => newest.end(),
    () => newest.end(),
  )
  yield* newest.values()
  yield { type: 'done', ...(await work) }
}

/** A queue of one: what is not taken in time is replaced. */
class Newest<T> {
  #value: T | undefined
  #isOver = false
  #wake: () => void = () => undefined

  put(value: T): void {
    this.#value = value
    this.#wake()
  }

  end(): void {
    this.#isOver = true
    this.#wake()
  }

  async *values(): AsyncGenerator<T> {
    for (;;) {
      const value = this.#value
      this.#value = undefined
      if (value !== undefined) yield value
      if (this.#isOver) return
      if (value === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
      else await sleep(LINE_EVERY_MS)
    }
  }
}
