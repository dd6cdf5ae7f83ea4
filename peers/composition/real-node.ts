// A real node put together: the one place where libp2p, disk, FUSE and core meet. Everything
// acquired here is given back in the opposite order, whether the start fails half-way or the node
// stops: nobody may be left reading a mount whose node is gone.
import { clearCrashed, mountVolume } from '../../fuse/mount.ts'
import type { Mount } from '../../fuse/driver.ts'
import type { Log } from '../../src/base/log.ts'
import type { MeshNode, VolumeInit } from '../../src/node/mesh-node.ts'
import type { Spill } from '../../src/log/spill.ts'
import { startNode } from '../../src/node/start-node.ts'
import { serveApi } from '../api/api-server.ts'
import { Timings, timedNetwork } from '../api/metrics/timings.ts'
import type { PeerFacts } from '../api/protocol.ts'
import { statusFor } from '../api/routes.ts'
import { clearStale } from '../api/unix-socket.ts'
import { keepJoining } from '../join/keep-joining.ts'
import { loadMeshKey } from '../net/mesh-key.ts'
import { startPeer, type StartedPeer } from '../net/peer.ts'
import { realPrograms } from '../ports/real-programs.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'
import { openState, type State } from '../state/state.ts'
import { keepMemory } from './memory.ts'
import { savingProgress } from './saving.ts'
import { openSource, type OpenSource } from './sources.ts'
import { openSpill } from './spill.ts'
import { type PeerSettings, volumeNames } from './settings.ts'

export type RunningNode = {
  readonly node: MeshNode
  readonly addresses: readonly string[]
  readonly mounts: readonly { readonly volume: string; readonly mountPoint: string }[]
  readonly api: string
  readonly metricsUrl?: string
  /** Unmounts, then leaves the mesh. Rejects with what can't be ended, having ended the rest. */
  stop(): Promise<void>
}

type VolumeMount = { readonly volume: string; readonly mountPoint: string; readonly mount: Mount }

type Parts = {
  readonly peer: StartedPeer
  readonly node: MeshNode
  readonly sources: ReadonlyMap<string, OpenSource>
  readonly mounts: readonly VolumeMount[]
}

/** @throws PotluckError with what to do: a socket in use, a source not there, a mount refused */
export async function startRealNode(settings: PeerSettings, log: Log): Promise<RunningNode> {
  await using acquired = new AsyncDisposableStack()
  const memory = keepMemory({ ramBytes: settings.ramBytes, log })
  acquired.defer(() => memory.stop())
  await clearStale(settings.api)
  const sources = await openSources(settings, acquired, log)
  const peer = await startPeerOf(settings, acquired, log)
  const wants = new Timings()
  const state = await openState(settings.state, volumeNames(settings), log)
  acquired.defer(() => state.settled())
  const spill = await openSpill(settings.spill, acquired, log)
  const node = await startNodeOf(settings, { peer, sources, state, wants, spill, log })
  acquired.defer(() => node.stop({ onProgress: savingProgress(log) }))
  const joining = await keepJoining({ peer, targets: settings.join, log })
  acquired.defer(() => joining.stop())
  const mounts = await mountAll(settings, { node, acquired, log })
  const parts = { peer, node, sources, mounts }
  const served = await serve(settings, { parts, wants, acquired, log })
  const owned = acquired.move()
  return { node, addresses: peer.addresses(), mounts, ...served, stop: () => owned.disposeAsync() }
}

// A source is closed by the node it is given to; this closes those of a start that failed before.
async function openSources(
  settings: PeerSettings,
  acquired: AsyncDisposableStack,
  log: Log,
): Promise<ReadonlyMap<string, OpenSource>> {
  const sources = new Map<string, OpenSource>()
  for (const { volume, directory } of settings.sources) {
    // What was mounted in place by a peer that was killed is in the way of the source.
    const isCovered = settings.mounts.some((mount) => mount.directory === directory)
    if (isCovered) await clearCrashed(directory, log)
    const opened = await openSource(directory, settings, log)
    acquired.defer(() => opened.source.close())
    sources.set(volume, opened)
  }
  return sources
}

async function startPeerOf(
  settings: PeerSettings,
  acquired: AsyncDisposableStack,
  log: Log,
): Promise<StartedPeer> {
  const { mesh, identity, listen, isPlaintext } = settings
  const meshKey = await loadMeshKey(settings.key)
  const peer = await startPeer({
    mesh,
    meshKey,
    listen,
    log,
    ...(identity === undefined ? {} : { identityFile: identity }),
    ...(isPlaintext ? { security: 'plaintext' } : {}),
  })
  acquired.defer(() => peer.stop())
  return peer
}

type NodeParts = {
  readonly peer: StartedPeer
  readonly sources: ReadonlyMap<string, OpenSource>
  readonly state: State
  readonly wants: Timings
  readonly spill: Spill | undefined
  readonly log: Log
}

function startNodeOf(
  settings: PeerSettings,
  { peer, sources, state, wants, spill, log }: NodeParts,
): Promise<MeshNode> {
  const ports = {
    clock: realClock,
    random: realRandom,
    network: timedNetwork(peer.network, wants),
    routing: peer.routing,
    rumors: peer.rumors,
    programs: realPrograms,
    ...(spill && { spill }),
    log,
  }
  const volumes = volumeNames(settings).map((name) => {
    const files = state.traces.get(name)
    const init = volumeInit(settings, name, sources.get(name))
    return files === undefined ? init : { ...init, traces: files.traces, onTrace: files.keep }
  })
  // The life number: an identity that starts again does so later.
  const { ramBytes, heat } = settings
  const kept = state.pins && { wishes: state.pins.wishes, onWishes: state.pins.keep }
  const init = { volumes, ramBytes, epoch: Date.now() }
  return startNode(ports, { ...init, ...(heat && { heat }), ...kept })
}

function volumeInit(settings: PeerSettings, name: string, opened?: OpenSource): VolumeInit {
  const { blockBytes, inlineBytes, readAheadBytes, leaseMs, ...others } = settings
  const { write, ahead, coherence, revalidateMs } = others
  const always = { name, write, ahead, coherence, revalidateMs }
  return {
    ...always,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...settings.back,
    ...(opened === undefined ? {} : { source: opened.source }),
    ...(blockBytes === undefined ? {} : { blockBytes }),
    ...(inlineBytes === undefined ? {} : { inlineBytes }),
    ...(readAheadBytes === undefined ? {} : { readAheadBytes }),
  }
}

type MountParts = {
  readonly node: MeshNode
  readonly acquired: AsyncDisposableStack
  readonly log: Log
}

async function mountAll(
  settings: PeerSettings,
  { node, acquired, log }: MountParts,
): Promise<readonly VolumeMount[]> {
  const mounts: VolumeMount[] = []
  for (const { volume, directory } of settings.mounts) {
    const mount = await mountVolume({
      volume: node.volume(volume),
      mountPoint: directory,
      nonempty: isInPlace(settings, volume, directory),
      driver: settings.driver,
      // The node tells the kernel of every change, so that an open needs no message of its own.
      zeroMessageOpens: true,
      log,
      ...(settings.allowOther === undefined ? {} : { allowOther: settings.allowOther }),
    })
    acquired.defer(() => mount.unmount())
    // Others of the mesh still need this peer's shard, so it stays.
    void mount.closed.then((reason) => {
      if (reason !== 'unmounted')
        log('warn', `the mount at ${directory} is ${reason}; the peer stays`)
    })
    mounts.push({ volume, mountPoint: mount.mountPoint, mount })
  }
  return mounts
}

/** Over its own source, which is open by now: who uses the old path is then faster. */
function isInPlace({ sources }: PeerSettings, volume: string, mountPoint: string): boolean {
  return sources.some((each) => each.volume === volume && each.directory === mountPoint)
}

type ServeParts = {
  readonly parts: Parts
  readonly wants: Timings
  readonly acquired: AsyncDisposableStack
  readonly log: Log
}

async function serve(
  settings: PeerSettings,
  { parts, wants, acquired, log }: ServeParts,
): Promise<{ api: string; metricsUrl?: string }> {
  const subject = {
    node: parts.node,
    facts: () => factsOf(settings, parts),
    whenForgotten: () => Promise.all(parts.mounts.map(({ mount }) => mount.whenForgotten())),
  }
  const api = await serveApi(subject, settings.api, log)
  acquired.defer(() => api.stop())
  if (settings.metrics === undefined) return { api: api.socket }
  const sources = new Map([...parts.sources].map(([name, { timings }]) => [name, timings]))
  const { metricsText } = await import('../api/metrics/metrics-text.ts')
  const { serveMetrics } = await import('../api/metrics/metrics-server.ts')
  const text = metricsText({ status: () => statusFor(subject), wants, sources })
  const metrics = await serveMetrics({ ...settings.metrics, text, log })
  acquired.defer(() => metrics.stop())
  return { api: api.socket, metricsUrl: metrics.url }
}

function factsOf(settings: PeerSettings, { peer, node, sources, mounts }: Parts): PeerFacts {
  return {
    mesh: settings.mesh,
    pid: process.pid,
    addresses: peer.addresses(),
    mounts: mounts.map(({ volume, mountPoint, mount }) => ({
      volume,
      mountPoint,
      counters: mount.counters(),
    })),
    sources: Object.fromEntries([...sources].map(([name, { counts }]) => [name, counts()])),
    network: peer.counters(),
    rssBytes: process.memoryUsage.rss(),
    ...(node.heat && { pins: node.heat.pins() }),
  }
}
