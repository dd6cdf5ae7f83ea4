import assert from 'node:assert/strict'

const TABLE_BITS = 8
const ROWS_A_TABLE = 1 << TABLE_BITS

/** Rows of a fixed number of words, each found by its number; making one never copies the others. */
export class Rows {
  readonly #words: number
  readonly #tables: Uint32Array[] = []
  #count = 0

  constructor(words: number) {
    this.#words = words
  }

  get bytes(): number {
    return this.#tables.length * ROWS_A_TABLE * this.#words * 4
  }

  /** A row of zeros. */
  make(): number {
    const row = this.#count
    this.#count += 1
    if (row % ROWS_A_TABLE === 0) this.#tables.push(new Uint32Array(ROWS_A_TABLE * this.#words))
    return row
  }

  get(row: number, word: number): number {
    const table = this.#tables[row >>> TABLE_BITS]
    return table?.[(row & (ROWS_A_TABLE - 1)) * this.#words + word] ?? 0
  }

  set(row: number, word: number, value: number): void {
    const table = this.#tables[row >>> TABLE_BITS]
    assert(table !== undefined, `no row ${row}`)
    table[(row & (ROWS_A_TABLE - 1)) * this.#words + word] = value
  }
}
