// The files and directories that the kernel has open. A handle it made up is refused here, and all
// are given back when the mount goes.
import type { Volume } from '../../src/volume/volume.ts'

export class Handles {
  readonly #files = new Set<number>()
  readonly #directories = new Set<number>()
  readonly #volume: Volume

  constructor(volume: Volume) {
    this.#volume = volume
  }

  get size(): number {
    return this.#files.size + this.#directories.size
  }

  addFile(handle: number): void {
    this.#files.add(handle)
  }

  addDirectory(handle: number): void {
    this.#directories.add(handle)
  }

  hasFile(handle: number): boolean {
    return this.#files.has(handle)
  }

  hasDirectory(handle: number): boolean {
    return this.#directories.has(handle)
  }

  /** @returns whether it was open */
  releaseFile(handle: number): boolean {
    const wasOpen = this.#files.delete(handle)
    if (wasOpen) this.#volume.release(handle)
    return wasOpen
  }

  /** @returns whether it was open */
  releaseDirectory(handle: number): boolean {
    const wasOpen = this.#directories.delete(handle)
    if (wasOpen) this.#volume.releasedir(handle)
    return wasOpen
  }

  releaseAll(): void {
    for (const handle of this.#files) this.releaseFile(handle)
    for (const handle of this.#directories) this.releaseDirectory(handle)
  }
}
