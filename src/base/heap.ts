// A binary heap: the smallest element by an order given once, in O(log n).
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean
  #elements: T[] = []

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#elements.length
  }

  peek(): T | undefined {
    return this.#elements[0]
  }

  push(element: T): void {
    this.#elements.push(element)
    this.#rise(this.#elements.length - 1)
  }

  /** Takes the smallest out; undefined from an empty heap. */
  pop(): T | undefined {
    const smallest = this.#elements[0]
    const last = this.#elements.pop()
    if (last === undefined || this.#elements.length === 0) return smallest
    this.#elements[0] = last
    this.#sink(0)
    return smallest
  }

  /** Drops every element that is not wanted any more, in O(n). */
  keepOnly(isWanted: (element: T) => boolean): void {
    this.#elements = this.#elements.filter(isWanted)
    for (let at = (this.#elements.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  #rise(start: number): void {
    const elements = this.#elements
    const element = elements[start] as T
    let at = start
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = elements[parentAt] as T
      if (!this.#isBefore(element, parent)) break
      elements[at] = parent
      at = parentAt
    }
    elements[at] = element
  }

  #sink(start: number): void {
    const elements = this.#elements
    const element = elements[start] as T
    const size = elements.length
    let at = start
    for (;;) {
      let childAt = 2 * at + 1
      if (childAt >= size) break
      const rightAt = childAt + 1
      if (rightAt < size && this.#isBefore(elements[rightAt] as T, elements[childAt] as T)) {
        childAt = rightAt
      }
      const child = elements[childAt] as T
      if (!this.#isBefore(child, element)) break
      elements[at] = child
      at = childAt
    }
    elements[at] = element
  }
}
