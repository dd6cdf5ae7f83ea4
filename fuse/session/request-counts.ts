// How many requests of each kind the kernel made. An array and not names, since this is counted
// for each of them.
import { ERRNO } from '../protocol/errno.ts'
import { COUNTED_OPCODES, opcodeName } from '../protocol/opcodes.ts'

/** An absent name, a missing attribute or an operation we do without is no error. */
const harmless: ReadonlySet<number> = new Set([
  ERRNO.ENOENT,
  ERRNO.ENODATA,
  ERRNO.ENOSYS,
  ERRNO.ENOTSUP,
])

export class RequestCounts {
  readonly #opcodes = new Float64Array(COUNTED_OPCODES)
  #malformed = 0
  #errors = 0

  onRequest(opcode: number): void {
    const index = Math.min(opcode, COUNTED_OPCODES - 1)
    this.#opcodes[index] = (this.#opcodes[index] ?? 0) + 1
  }

  onMalformed(): void {
    this.#malformed++
  }

  onError(errno: number): void {
    if (harmless.has(errno)) return
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
