// How long requests to peers and calls to the source take, as histograms: wrappers around two
// ports, so that nothing in `src` has to know that somebody measures.
import { Histogram } from '../../../src/base/histogram.ts'
import type { Network } from '../../../src/ports/network.ts'
import type { Source } from '../../../src/ports/source.ts'
import { isWritableSource, type WritableSource } from '../../../src/ports/writable-source.ts'

/** A histogram that watches the clock itself. */
export class Timings extends Histogram {
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

export const SOURCE_CALLS = [
  'attributes',
  'list',
  'entries',
  'read',
  'xattrs',
  'usage',
  'change',
] as const

/** The same source; every call is timed by its name, failures too. */
export function timedSource(source: Source, timings: TimingsByName): Source {
  const around = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    timings.get(name)?.around(work) ?? work()
  const timed: Source = {
    attributes: (path, options) => around('attributes', () => source.attributes(path, options)),
    list: (path, options) => around('list', () => source.list(path, options)),
    entries: (path, names, options) =>
      around('entries', () => source.entries(path, names, options)),
    read: (path, range, options) => around('read', () => source.read(path, range, options)),
    xattrs: (path, options) => around('xattrs', () => source.xattrs(path, options)),
    usage: (options) => around('usage', () => source.usage(options)),
    close: () => source.close(),
  }
  if (!isWritableSource(source)) return timed
  const change: WritableSource['change'] = (one, options) =>
    around('change', () => source.change(one, options))
  return Object.assign(timed, { change })
}
