// How many requests of each kind the kernel made. An array and not names, since this is counted
// for each of them.
import { ERRNO } from '../protocol/errno.ts'
import { opcodeName } from '../protocol/opcodes.ts'

/** Opcodes from here on are counted as one. */
const OPCODES = 64

export class RequestCounts {
  readonly #opcodes = new Float64Array(OPCODES)
  #malformed = 0
  #errors = 0

  onRequest(opcode: number): void {
    const index = Math.min(opcode, OPCODES - 1)
    this.#opcodes[index] = (this.#opcodes[index] ?? 0) + 1
  }

  onMalformed(): void {
    this.#malformed++
  }

  /** An absent name, a missing attribute or an operation we do without is no error. */
  onError(errno: number): void {
    if (errno === ERRNO.ENOENT || errno === ERRNO.ENODATA || errno === ERRNO.ENOSYS) return
    this.#errors++
  }

  snapshot(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const [opcode, count] of this.#opcodes.entries()) {
      if (count > 0) counts[`fuse_${opcodeName(opcode)}_total`] = count
    }
    return { ...counts, fuse_malformed_total: this.#malformed, fuse_errors_total: this.#errors }
  }
}
