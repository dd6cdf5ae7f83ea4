import { roundUp, SECTOR_BYTES } from '../format/layout.ts'

const USUAL_BYTES = 1024 * 1024
const KEPT = 4

/** Buffers of batches, used again: fresh memory costs more than what is written into it. */
export class Buffers {
  readonly #idle: Buffer[] = []

  /** Kept to be used again. */
  get idleBytes(): number {
    return this.#idle.length * USUAL_BYTES
  }

  /** Not zeroed; of whole sectors. */
  take(leastBytes: number): Buffer {
    if (leastBytes > USUAL_BYTES) {
      return Buffer.allocUnsafeSlow(roundUp(leastBytes, SECTOR_BYTES))
    }
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(USUAL_BYTES)
  }

  give(buffer: Buffer): void {
    if (buffer.length === USUAL_BYTES && this.#idle.length < KEPT) this.#idle.push(buffer)
  }
}
