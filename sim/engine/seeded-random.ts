// Randomness out of a seed: sfc32 (Chris Doty-Humphrey's small fast counting generator, PractRand).
//
// A fork's seed comes from its parent's *seed* and a name, never from the parent's state: a new
// fork, or one more draw somewhere, changes nothing for the others.
import type { Random } from '../../src/ports/random.ts'

type Words = readonly [number, number, number, number]

/** Drawn and thrown away, so that near seeds give unrelated streams. */
const WARM_UP = 12

export class SeededRandom implements Random {
  readonly #seed: Words
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: string | number) {
    this.#seed = mix([0, 0, 0, 0], String(seed))
    ;[this.#a, this.#b, this.#c] = this.#seed
    this.#counter = this.#seed[3]
    for (let i = 0; i < WARM_UP; i++) this.uint32()
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  fork(name: string): SeededRandom {
    const [a, b, c, d] = mix(this.#seed, name)
    return new SeededRandom(`${a}.${b}.${c}.${d}`)
  }
}

/** Four words out of four words and a text (cyrb128, by bryc). */
function mix(seed: Words, text: string): Words {
  let a = 1779033703 ^ seed[0]
  let b = 3144134277 ^ seed[1]
  let c = 1013904242 ^ seed[2]
  let d = 2773480762 ^ seed[3]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = b ^ Math.imul(a ^ code, 597399067)
    b = c ^ Math.imul(b ^ code, 2869860233)
    c = d ^ Math.imul(c ^ code, 951274213)
    d = a ^ Math.imul(d ^ code, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  return [(a ^ b ^ c ^ d) >>> 0, (b ^ a) >>> 0, (c ^ a) >>> 0, (d ^ a) >>> 0]
}
