// Whether a history of operations could have happened one after another, each at a moment between its
// beginning and its end: strict serializability. Versions tell of each key in which order it was
// changed and what a read saw, so the order is a graph (Adya's: who wrote what was read, who wrote
// over it, who was over before another began), and a history that could not have happened has a cycle.

export type Operation = {
  /** Moments, all different. */
  readonly began: number
  readonly ended: number
  readonly what: string
  /** Keys it found, and at which version. */
  readonly saw: ReadonlyMap<string, number>
  /**
   * Keys that it changed: to the version, or, where that was not told, right behind the version that
   * it had expected there.
   */
  readonly wrote: ReadonlyMap<string, { readonly version: number } | { readonly behind: number }>
}

/** The operations of a cycle; empty where there is none. */
export function findCycle(history: readonly Operation[]): readonly Operation[] {
  const graph = new Graph(history.length)
  for (const key of keysOf(history)) addKey(graph, history, key)
  addTime(graph, history)
  return graph.cycle().flatMap((node) => history[node] ?? [])
}

function keysOf(history: readonly Operation[]): Set<string> {
  return new Set(history.flatMap(({ saw, wrote }) => [...saw.keys(), ...wrote.keys()]))
}

function addKey(graph: Graph, history: readonly Operation[], key: string): void {
  const writes = history
    .flatMap(({ wrote }, node) => {
      const place = wrote.get(key)
      if (place === undefined) return []
      return [{ node, at: 'version' in place ? place.version : place.behind + 0.5 }]
    })
    .toSorted((a, b) => a.at - b.at)
  for (const [i, { node }] of writes.entries()) graph.edge(writes[i - 1]?.node, node)
  for (const [node, { saw }] of history.entries()) {
    const version = saw.get(key)
    if (version === undefined) continue
    const next = writes.findIndex(({ at }) => at > version)
    const from = writes[(next < 0 ? writes.length : next) - 1]
    if (from?.node !== node) graph.edge(from?.node, node)
    const over = next < 0 ? undefined : writes[next]
    if (over?.node !== node) graph.edge(node, over?.node)
  }
}

/** One operation was over before the other began: by way of a node for each end of one. */
function addTime(graph: Graph, history: readonly Operation[]): void {
  const moments = history
    .flatMap(({ began, ended }, node) => [
      { at: began, node, isEnd: false },
      { at: ended, node, isEnd: true },
    ])
    .toSorted((a, b) => a.at - b.at)
  let time = graph.newNode()
  for (const { node, isEnd } of moments) {
    if (!isEnd) {
      graph.edge(time, node)
      continue
    }
    const later = graph.newNode()
    graph.edge(time, later)
    graph.edge(node, later)
    time = later
  }
}

class Graph {
  readonly #after: number[][]

  constructor(nodes: number) {
    this.#after = Array.from({ length: nodes }, () => [])
  }

  newNode(): number {
    return this.#after.push([]) - 1
  }

  edge(from: number | undefined, to: number | undefined): void {
    if (from !== undefined && to !== undefined) this.#after[from]?.push(to)
  }

  /** The nodes of one cycle: what is left when all that nobody comes before is taken away. */
  cycle(): number[] {
    const before = this.#after.map(() => 0)
    for (const after of this.#after)
      for (const node of after) before[node] = (before[node] ?? 0) + 1
    const free = [...before.keys()].filter((node) => before[node] === 0)
    for (let node = free.pop(); node !== undefined; node = free.pop()) {
      for (const next of this.#after[node] ?? []) {
        before[next] = (before[next] ?? 0) - 1
        if (before[next] === 0) free.push(next)
      }
    }
    const left = new Set([...before.keys()].filter((node) => (before[node] ?? 0) > 0))
    return this.#walk(left)
  }

  /** Every node left has one before it that is left: going back ends in a cycle. */
  #walk(left: ReadonlySet<number>): number[] {
    const [first] = left
    if (first === undefined) return []
    const backwards = new Map<number, number>()
    for (const node of left) {
      for (const next of this.#after[node] ?? []) if (left.has(next)) backwards.set(next, node)
    }
    const seen: number[] = []
    let node = first
    while (!seen.includes(node)) {
      seen.push(node)
      node = backwards.get(node) ?? node
    }
    return seen.slice(seen.indexOf(node)).reverse()
  }
}
