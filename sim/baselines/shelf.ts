// What one node of a baseline has, and what it waits for. Answers are the same for everyone and never
// change, so they are kept once for all nodes; a node keeps one bit for each that it has.
import type { Answer } from '../../src/ports/messages.ts'
import type { Question } from './questions.ts'

/** All answers that anybody has, numbered as they come. */
export class Answers {
  readonly #ids = new Map<string, number>()
  readonly #answers: (Answer | undefined)[] = []

  id({ kind, path, index }: Question): number {
    const name = `${kind}\0${index}\0${path}`
    const id = this.#ids.get(name) ?? this.#ids.size
    this.#ids.set(name, id)
    return id
  }

  get(id: number): Answer | undefined {
    return this.#answers[id]
  }

  put(id: number, answer: Answer): void {
    while (this.#answers.length <= id) this.#answers.push(undefined)
    this.#answers[id] = answer
  }
}

export class Shelf {
  readonly #answers: Answers
  readonly #flights = new Map<number, Promise<Answer>>()
  #bits = new Uint8Array(64)

  constructor(answers: Answers) {
    this.#answers = answers
  }

  /** From the shelf, from the fetch under way, or by `fetch`, which is then kept. */
  take(question: Question, fetch: () => Promise<Answer>): Promise<Answer> {
    const id = this.#answers.id(question)
    const held = this.#has(id) ? this.#answers.get(id) : undefined
    if (held !== undefined) return Promise.resolve(held)
    return this.#flights.get(id) ?? this.#start(id, fetch)
  }

  #start(id: number, fetch: () => Promise<Answer>): Promise<Answer> {
    const flight = fetch()
      .then((answer) => {
        this.#answers.put(id, answer)
        this.#set(id)
        return answer
      })
      .finally(() => this.#flights.delete(id))
    this.#flights.set(id, flight)
    return flight
  }

  #has(id: number): boolean {
    return (((this.#bits[id >> 3] ?? 0) >> (id & 7)) & 1) === 1
  }

  #set(id: number): void {
    if (id >> 3 >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bits.length, (id >> 3) + 1))
      grown.set(this.#bits)
      this.#bits = grown
    }
    this.#bits[id >> 3] = (this.#bits[id >> 3] as number) | (1 << (id & 7))
  }
}
