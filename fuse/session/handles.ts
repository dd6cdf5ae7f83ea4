// The files that the kernel has open. A handle it made up is refused here, and all are given back
// when the mount goes.
import type { Volume } from '../../src/volume/volume.ts'

export class Handles {
  readonly #files = new Set<number>()
  readonly #volume: Volume

  constructor(volume: Volume) {
    this.#volume = volume
  }

  get size(): number {
    return this.#files.size
  }

  add(handle: number): void {
    this.#files.add(handle)
  }

  has(handle: number): boolean {
    return this.#files.has(handle)
  }

  /** @returns whether it was open */
  release(handle: number): boolean {
    const wasOpen = this.#files.delete(handle)
    if (wasOpen) this.#volume.release(handle)
    return wasOpen
  }

  releaseAll(): void {
    for (const handle of this.#files) this.release(handle)
  }
}
