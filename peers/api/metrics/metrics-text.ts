// A peer's status as Prometheus text. Numbers are taken from the status at each scrape, never kept
// twice; names end in their unit, and everything begins with `potluck_`.
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { PeerStatus } from '../protocol.ts'
import { BOUNDS } from './timings.ts'
import type { Timings, TimingsByName } from './timings.ts'

const NAME = /^[a-z][a-z0-9_]{0,100}$/
const TIERS = ['shard', 'peer', 'source'] as const

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
    const texts = [await now.metrics(), ...histograms(measured), await process.metrics()]
    return `${texts.map((text) => text.trimEnd()).join('\n')}\n`
  }
}

function addVolumes(registry: Registry, status: PeerStatus): void {
  const labelNames = ['volume', 'tier']
  const blocks = counter(registry, 'potluck_blocks_total', 'Blocks by where they came from.', labelNames)
  const bytes = counter(registry, 'potluck_bytes_total', 'Bytes by where they came from.', labelNames)
  const calls = counter(registry, 'potluck_source_calls_total', 'Calls and bytes at the source.', [
    'volume',
    'kind',
  ])
  const reads = counter(registry, 'potluck_source_reads_total', 'Reads of data at the source.', ['volume'])
  for (const volume of status.node.volumes) {
    for (const tier of TIERS) {
      blocks.inc({ volume: volume.name, tier }, volume.blocks[tier])
      bytes.inc({ volume: volume.name, tier }, volume.bytes[tier])
    }
    const counts = status.sources[volume.name] ?? {}
    for (const [kind, count] of Object.entries(counts)) calls.inc({ volume: volume.name, kind }, count)
    reads.inc({ volume: volume.name }, counts['reads'] ?? 0)
  }
}

function addGauges(registry: Registry, status: PeerStatus): void {
  const { node } = status
  const gauges: readonly (readonly [string, string, number])[] = [
    ['potluck_peers', 'Other peers in sight.', node.peers],
    ['potluck_shard_bytes', 'Bytes of cached blocks.', node.ram.usedBytes],
    ['potluck_shard_capacity_bytes', 'Most bytes of cached blocks.', node.ram.capacityBytes],
    ['potluck_shard_blocks', 'Cached blocks.', node.ram.blocks],
    ['potluck_up_seconds', 'Time since the node started.', node.upMs / 1000],
  ]
  for (const [name, help, value] of gauges) gauge(registry, name, help).set(value)
  const quantiles = gauge(registry, 'potluck_fetch_seconds', 'Newest fetches of cold blocks.', ['quantile'])
  quantiles.set({ quantile: '0.5' }, node.fetchMs.p50 / 1000)
  quantiles.set({ quantile: '0.99' }, node.fetchMs.p99 / 1000)
  quantiles.set({ quantile: '1' }, node.fetchMs.max / 1000)
}

function addCounters(registry: Registry, status: PeerStatus): void {
  addAll(registry, { ...status.node.counters, ...status.network })
  const fuse = counter(registry, 'potluck_fuse_total', 'What the mounts counted.', ['volume', 'kind'])
  for (const mount of status.mounts) {
    for (const [kind, count] of Object.entries(mount.counters)) {
      if (count >= 0) fuse.inc({ volume: mount.volume, kind }, count)
    }
  }
}

// What does not end in `_total` is a number of what is there now, not a count.
function addAll(registry: Registry, counters: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counters)) {
    if (!NAME.test(name) || !(value >= 0)) continue
    const full = `potluck_${name}`
    if (name.endsWith('_total')) counter(registry, full, `The node's ${name}.`).inc(value)
    else gauge(registry, full, `The node's ${name}.`).set(value)
  }
}

function counter(registry: Registry, name: string, help: string, labelNames: string[] = []): Counter {
  return new Counter({ name, help, labelNames, registers: [registry] })
}

function gauge(registry: Registry, name: string, help: string, labelNames: string[] = []): Gauge {
  return new Gauge({ name, help, labelNames, registers: [registry] })
}

function histograms({ wants, sources }: Measured): readonly string[] {
  const source = [...sources].flatMap(([volume, calls]) =>
    [...calls].map(([call, timings]) => series(`potluck_source_seconds`, timings, `volume="${volume}",call="${call}"`)),
  )
  return [
    head('potluck_want_seconds', 'Wants sent to peers, until the answer.'),
    series('potluck_want_seconds', wants, ''),
    head('potluck_source_seconds', 'Calls to the source, until the answer.'),
    ...source,
  ]
}

function head(name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram`
}

function series(name: string, timings: Timings, labels: string): string {
  const comma = labels === '' ? '' : ','
  let below = 0
  const buckets = timings.counts.map((count, index) => {
    below += count
    return `${name}_bucket{${labels}${comma}le="${BOUNDS[index] ?? '+Inf'}"} ${below}`
  })
  const braced = labels === '' ? '' : `{${labels}}`
  return [...buckets, `${name}_sum${braced} ${timings.sumSeconds}`, `${name}_count${braced} ${timings.count}`].join('\n')
}
