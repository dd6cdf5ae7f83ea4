import { hash, randomBytes } from 'node:crypto'
import type { Random } from '../../src/ports/random.ts'

/** Each hash gives this many numbers of 48 bits. */
const NUMBERS_A_HASH = 10
const NUMBER_BYTES = 6

/** Seeded by the operating system: what peers draw must be unlike on each of them. */
export const realRandom: Random = createRandom(randomBytes(32).toString('hex'))

/**
 * A stream of numbers out of a seed: SHA-512 of the seed and a counter. Not quick (a tenth of a
 * microsecond a number), but unpredictable without the seed. A fork depends on the seed and the
 * name alone, not on what was drawn before.
 */
export function createRandom(seed: string): Random {
  let numbers = Buffer.alloc(0)
  let offset = 0
  let counter = 0
  return {
    next() {
      if (offset === numbers.length) {
        numbers = hash('sha512', `${seed}/${counter}`, 'buffer').subarray(
          0,
          NUMBERS_A_HASH * NUMBER_BYTES,
        )
        counter += 1
        offset = 0
      }
      const number = numbers.readUIntBE(offset, NUMBER_BYTES)
      offset += NUMBER_BYTES
      return number / 2 ** (8 * NUMBER_BYTES)
    },
    fork: (name) => createRandom(hash('sha256', `${seed}:${name}`, 'hex')),
  }
}
