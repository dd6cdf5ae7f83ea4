// The room for a peer's numbers as Prometheus text. Counters and gauges are taken from the status at
// each scrape, never kept twice; histograms of calls, which a status does not hold, from `timings.ts`.
// Names end in their unit, and everything begins with `potluck_`. A scrape must never ask another peer
// or the source: hundreds of nodes are scraped at once.
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import { BOUNDS, type Distribution } from '../../../src/base/histogram.ts'
import { type PeerStatus, TIERS } from '../protocol.ts'
import type { Timings, TimingsByName } from './timings.ts'

const NAME = /^[a-z][a-z0-9_]{0,100}$/

export type Measured = {
  readonly status: () => PeerStatus
  /** One a `want` that was sent to a peer. */
  readonly wants: Timings
  /** By volume, then by call. */
  readonly sources: ReadonlyMap<string, TimingsByName>
}

/** Event loop, heap and CPU of the process are added; these watch it, so they are made once. */
export function metricsText(measured: Measured): () => Promise<string> {
  const process = new Registry()
  collectDefaultMetrics({ register: process, prefix: 'potluck_' })
  return async () => {
    const now = new Registry()
    const status = measured.status()
    addVolumes(now, status)
    addGauges(now, status)
    addCounters(now, status)
    const texts = [await now.metrics(), ...histograms(measured, status), await process.metrics()]
    return `${texts.map((text) => text.trimEnd()).join('\n')}\n`
  }
}

function addVolumes(registry: Registry, status: PeerStatus): void {
  const labelNames = ['volume', 'tier']
  const help = 'By where it came from.'
  const blocks = counter(registry, { name: 'potluck_blocks_total', help, labelNames })
  const bytes = counter(registry, { name: 'potluck_bytes_total', help, labelNames })
  const source = new Map<string, Counter>()
  for (const volume of status.node.volumes) {
    for (const tier of TIERS) {
      blocks.inc({ volume: volume.name, tier }, volume.blocks[tier])
      bytes.inc({ volume: volume.name, tier }, volume.bytes[tier])
    }
    for (const [kind, count] of Object.entries(status.sources[volume.name] ?? {})) {
      const name = `potluck_source_${kind}_total`
      if (!isSample(name, count)) continue
      const made =
        source.get(name) ??
        counter(registry, { name, help: `The source's ${kind}.`, labelNames: ['volume'] })
      source.set(name, made)
      made.inc({ volume: volume.name }, count)
    }
  }
}

/** Name, help and value. */
type GaugeLine = readonly [string, string, number]

function addGauges(registry: Registry, status: PeerStatus): void {
  const { node } = status
  const gauges: GaugeLine[] = [
    ['potluck_peers', 'Other peers in sight.', node.peers],
    ['potluck_shard_bytes', 'Bytes of cached blocks.', node.ram.usedBytes],
    ['potluck_shard_capacity_bytes', 'Most bytes of cached blocks.', node.ram.capacityBytes],
    ['potluck_shard_blocks', 'Cached blocks.', node.ram.blocks],
    ['potluck_dirty_bytes', 'Bytes written here and not on the source yet.', node.dirty.bytes],
    ['potluck_dirty_files', 'Files that they are of.', node.dirty.files],
    ['potluck_dirty_copy_bytes', 'Memory of copies kept for others.', node.dirty.copyBytes],
    ['potluck_up_seconds', 'Time since the node started.', node.upMs / 1000],
  ]
  if (status.pins !== undefined) gauges.push(...pinGauges(status.pins))
  for (const [name, help, value] of gauges) gauge(registry, { name, help }).set(value)
}

function pinGauges(pins: NonNullable<PeerStatus['pins']>): GaugeLine[] {
  return [
    ['potluck_pinned_files', 'Files that the mesh pins, as known here.', pins.files],
    ['potluck_pinned_bytes', 'Bytes held here because of that.', pins.bytes],
    ['potluck_pinned_capacity_bytes', 'Most bytes for that.', pins.capacityBytes],
  ]
}

function addCounters(registry: Registry, status: PeerStatus): void {
  addAll(registry, { ...status.node.counters, ...status.network })
  const made = new Map<string, Counter>()
  for (const { volume, counters } of status.mounts) {
    for (const [name, count] of Object.entries(counters)) {
      if (!isSample(name, count)) continue
      const full = `potluck_${name}`
      const named = { name: full, help: `The mount's ${name}.`, labelNames: ['volume'] }
      const fuse = made.get(full) ?? counter(registry, named)
      made.set(full, fuse)
      fuse.inc({ volume }, count)
    }
  }
}

function isSample(name: string, value: number): boolean {
  return NAME.test(name) && value >= 0
}

// What does not end in `_total` is a number of what is there now, not a count.
function addAll(registry: Registry, counters: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counters)) {
    if (!isSample(name, value)) continue
    const named = { name: `potluck_${name}`, help: `The node's ${name}.` }
    if (name.endsWith('_total')) counter(registry, named).inc(value)
    else gauge(registry, named).set(value)
  }
}

type Named = { readonly name: string; readonly help: string; readonly labelNames?: string[] }

function counter(registry: Registry, named: Named): Counter {
  return new Counter({ ...named, registers: [registry] })
}

function gauge(registry: Registry, named: Named): Gauge {
  return new Gauge({ ...named, registers: [registry] })
}

function histograms({ wants, sources }: Measured, { node }: PeerStatus): readonly string[] {
  const source = [...sources].flatMap(([volume, calls]) =>
    [...calls].map(([call, timings]) =>
      series(`potluck_source_seconds`, timings, `volume="${volume}",call="${call}"`),
    ),
  )
  return [
    head('potluck_fetch_seconds', 'Cold blocks fetched from peers, until they were here.'),
    series('potluck_fetch_seconds', node.fetchTimes, ''),
    head('potluck_want_seconds', 'Wants sent to peers, until the answer.'),
    series('potluck_want_seconds', wants, ''),
    head('potluck_source_seconds', 'Calls to the source, until the answer.'),
    ...source,
  ]
}

function head(name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram`
}

function series(name: string, timings: Distribution, labels: string): string {
  const comma = labels === '' ? '' : ','
  let below = 0
  const buckets = timings.counts.map((count, index) => {
    below += count
    return `${name}_bucket{${labels}${comma}le="${BOUNDS[index] ?? '+Inf'}"} ${below}`
  })
  const braced = labels === '' ? '' : `{${labels}}`
  return [
    ...buckets,
    `${name}_sum${braced} ${timings.sumSeconds}`,
    `${name}_count${braced} ${timings.count}`,
  ].join('\n')
}
