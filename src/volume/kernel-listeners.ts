import type { KernelInvalidation, KernelListener } from './volume.ts'

/** Those who are told what a kernel has to forget: the mounts of a volume. */
export class KernelListeners {
  readonly #listeners = new Set<KernelListener>()

  get size(): number {
    return this.#listeners.size
  }

  add(listener: KernelListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when those have done it who say so; undefined where none does. */
  tell(invalidation: KernelInvalidation): Promise<unknown> | undefined {
    const doing: Promise<void>[] = []
    for (const listener of this.#listeners) {
      const done = listener(invalidation)
      if (done !== undefined) doing.push(done)
    }
    return doing.length === 0 ? undefined : Promise.all(doing)
  }
}
