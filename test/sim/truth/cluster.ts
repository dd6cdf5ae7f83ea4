// Real libp2p nodes in this process, on loopback: what the simulator's models are held against. The
// options of gossipsub are the real peer's own; encryption is left out, which is not what is compared.
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { gossipsub, type GossipSub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { plaintext } from '@libp2p/plaintext'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { GOSSIP_OPTIONS } from '../../../peers/net/libp2p/gossip-options.ts'

const CONNECTIONS = {
  maxConnections: 1_000,
  inboundConnectionThreshold: 10_000,
  maxIncomingPendingConnections: 1_000,
  maxParallelDials: 32,
  maxDialQueueLength: 2_000,
  dialTimeout: 60_000,
  addressDialTimeout: 60_000,
  inboundUpgradeTimeout: 60_000,
  outboundStreamProtocolNegotiationTimeout: 60_000,
  inboundStreamProtocolNegotiationTimeout: 60_000,
  reconnectRetries: 0,
}

export type RealNode = Awaited<ReturnType<typeof startNode>>

async function startNode({ kBucketSize = 20, looksAround = false }: KadInit) {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [plaintext()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: CONNECTIONS,
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: 256, maxOutboundStreams: 256 }),
      dht: kadDHT({
        protocol: '/truth/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        kBucketSize,
        disjointPaths: 2,
        // Queries wait for the first look at oneself, which also connects to whom it finds.
        initialQuerySelfInterval: looksAround ? 100 : 3_600_000,
      }),
      gossip: gossipsub(GOSSIP_OPTIONS),
    },
  })
}

type KadInit = {
  /** @default 20 */
  readonly kBucketSize?: number
  /** Whether kad-dht searches, and so connects to others than were dialled. @default false */
  readonly looksAround?: boolean
}

export type ClusterInit = KadInit & {
  readonly nodes: number
  /** Whom each node dials, by number. */
  readonly dials: (node: number) => readonly number[]
}

/** A cluster in which everybody has dialled whom it should; disposing stops all of it. */
export class Cluster implements AsyncDisposable {
  readonly nodes: readonly RealNode[]

  private constructor(nodes: readonly RealNode[]) {
    this.nodes = nodes
  }

  static async start({ nodes, dials, ...kad }: ClusterInit): Promise<Cluster> {
    const started = await Promise.all(Array.from({ length: nodes }, () => startNode(kad)))
    const cluster = new Cluster(started)
    for (const [number, node] of started.entries()) {
      const others = dials(number).map((other) => started[other] as RealNode)
      await Promise.all(others.map((other) => node.dial(other.getMultiaddrs())))
    }
    return cluster
  }

  /** The peers' ids as texts, by number. */
  peers(): string[] {
    return this.nodes.map((node) => node.peerId.toString())
  }

  gossip(number: number): GossipSub {
    return this.nodes[number]?.services.gossip as unknown as GossipSub
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => node.stop()))
  }
}

/** Waits until it is so, in real time. @throws Error after `timeoutMs` */
export async function until(isSo: () => boolean, timeoutMs: number, what: string): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
