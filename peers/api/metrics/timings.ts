// How long requests to peers and calls to the source take, as histograms: wrappers around two
// ports, so that nothing in `src` has to know that somebody measures.
import type { Network } from '../../../src/ports/network.ts'
import type { Source } from '../../../src/ports/source.ts'

/** Upper bounds in seconds: from a shard hit on the next node to a storage that hangs. */
export const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
] as const

/** Counts by bound; the last place is for everything above. */
export class Timings {
  readonly counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0)
  sumSeconds = 0
  count = 0

  add(seconds: number): void {
    let place = BOUNDS.findIndex((bound) => seconds <= bound)
    if (place < 0) place = BOUNDS.length
    this.counts[place] = (this.counts[place] ?? 0) + 1
    this.sumSeconds += seconds
    this.count += 1
  }

  async around<T>(work: () => Promise<T>): Promise<T> {
    const from = performance.now()
    try {
      return await work()
    } finally {
      this.add((performance.now() - from) / 1000)
    }
  }
}

export type TimingsByName = ReadonlyMap<string, Timings>

/** The same network; every `want` sent is timed, failures too. */
export function timedNetwork(network: Network, timings: Timings): Network {
  return {
    request(to, request, options) {
      if (request.type !== 'want') return network.request(to, request, options)
      return timings.around(() => network.request(to, request, options))
    },
    handle: (handler) => network.handle(handler),
    queuedBytes: () => network.queuedBytes(),
  }
}

export const SOURCE_CALLS = ['attributes', 'list', 'entries', 'read', 'xattrs', 'usage'] as const

/** The same source; every call is timed by its name, failures too. */
export function timedSource(source: Source, timings: TimingsByName): Source {
  const around = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    timings.get(name)?.around(work) ?? work()
  return {
    attributes: (path, options) => around('attributes', () => source.attributes(path, options)),
    list: (path, options) => around('list', () => source.list(path, options)),
    entries: (path, names, options) =>
      around('entries', () => source.entries(path, names, options)),
    read: (path, range, options) => around('read', () => source.read(path, range, options)),
    xattrs: (path, options) => around('xattrs', () => source.xattrs(path, options)),
    usage: (options) => around('usage', () => source.usage(options)),
    close: () => source.close(),
  }
}
