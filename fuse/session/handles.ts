// The files that the kernel has open. A handle it made up is refused here, and all are given back
// when the mount goes.
import type { Volume } from '../../src/volume/volume.ts'

export class Handles {
  /** Whether the kernel keeps no pages of what it reads and writes through a handle. */
  readonly #isDirect = new Map<number, boolean>()
  readonly #volume: Volume

  constructor(volume: Volume) {
    this.#volume = volume
  }

  get size(): number {
    return this.#isDirect.size
  }

  add(handle: number, { isDirect = false } = {}): void {
    this.#isDirect.set(handle, isDirect)
  }

  has(handle: number): boolean {
    return this.#isDirect.has(handle)
  }

  isDirect(handle: number): boolean {
    return this.#isDirect.get(handle) === true
  }

  /** @returns whether it was open */
  release(handle: number): boolean {
    const wasOpen = this.#isDirect.delete(handle)
    if (wasOpen) this.#volume.release(handle)
    return wasOpen
  }

  releaseAll(): void {
    for (const handle of this.#isDirect.keys()) this.release(handle)
  }
}
