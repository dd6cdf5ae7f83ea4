// The libp2p node underneath: transports, encryption, muxer, kad-dht and gossipsub, each with the
// limits that a mesh of ours needs. Nothing outside this room names a libp2p module's options.
// It must never serve kad-dht or gossipsub to a peer that has not proved that it knows the mesh key.
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { PrivateKey } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { nativeTls } from '../tls/native-tls.ts'
import { corkedTcp } from './corked-tcp.ts'
import { libp2pLogger } from './silent-logger.ts'
import { gated, type Admitted } from './gate.ts'
import { GOSSIP_OPTIONS } from './gossip-options.ts'

/** How connections are encrypted; `plaintext` not at all, for an isolated fabric. */
export type Security = 'tls' | 'noise' | 'plaintext'

export type Libp2pInit = {
  readonly privateKey: PrivateKey
  readonly mesh: string
  readonly listen: readonly string[]
  readonly security: Security
  readonly mdns: boolean
  readonly admitted: Admitted
}

/** Connections of one node at most; beyond, idle ones are closed. */
const MAX_CONNECTIONS = 2_048

/**
 * A window of 4 MiB, against yamux's 256 KiB, saves a window update per few slices; our own credit
 * keeps less than this in flight. Not negotiated: both ends must have the same.
 */
const YAMUX_WINDOW_BYTES = 4 * 1024 * 1024
const MAX_STREAMS = 256
/** kad-dht looks around for the first time when a job's start is over. */
const KAD_START_MS = 20_000
/** The bounds of what any dial may take; whoever dials has a narrower one. */
const DIAL_TIMEOUT_MS = 15_000
const NEGOTIATION_TIMEOUT_MS = 10_000

/** One libp2p node, started: TCP, yamux, kad-dht as server, gossipsub, all behind the proof. */
export async function startLibp2p(init: Libp2pInit) {
  return createLibp2p({
    ...libp2pLogger(),
    privateKey: init.privateKey,
    nodeInfo: { name: 'potluck', version: '1', userAgent: 'potluck' },
    addresses: { listen: [...init.listen], announceFilter: withoutNeedlessLoopback },
    transports: [corkedTcp()],
    connectionEncrypters: [await ENCRYPTERS[init.security]()],
    streamMuxers: [
      yamux({
        // Links watch their peer themselves.
        enableKeepAlive: false,
        maxInboundStreams: MAX_STREAMS,
        maxOutboundStreams: MAX_STREAMS,
        streamOptions: {
          initialStreamWindowSize: YAMUX_WINDOW_BYTES,
          maxStreamWindowSize: YAMUX_WINDOW_BYTES,
        },
      }),
    ],
    // It pings every connection every ten seconds, on a stream of its own each time.
    connectionMonitor: { enabled: false },
    connectionManager: CONNECTION_OPTIONS,
    ...(init.mdns ? { peerDiscovery: [await discovery(init.mesh)] } : {}),
    services: services(init),
  })
}

type Encrypter = NonNullable<Libp2pOptions['connectionEncrypters']>[number]

/** What few use is loaded by those who do. */
const ENCRYPTERS: Readonly<Record<Security, () => Promise<Encrypter>>> = {
  tls: async () => nativeTls() as Encrypter,
  noise: async () => (await import('@libp2p/noise')).noise() as Encrypter,
  plaintext: async () => (await import('@libp2p/plaintext')).plaintext() as Encrypter,
}

async function discovery(mesh: string) {
  const { mdns } = await import('@libp2p/mdns')
  return mdns({ serviceTag: `_potluck-${mesh}._udp.local` })
}

const CONNECTION_OPTIONS: NonNullable<Libp2pOptions['connectionManager']> = {
  maxConnections: MAX_CONNECTIONS,
  maxParallelDials: 64,
  maxDialQueueLength: 4_096,
  // A whole job starts at once, often behind one address: 5 a second, the default, refuses it.
  inboundConnectionThreshold: 10_000,
  maxIncomingPendingConnections: 1_024,
  dialTimeout: DIAL_TIMEOUT_MS,
  addressDialTimeout: DIAL_TIMEOUT_MS,
  inboundUpgradeTimeout: NEGOTIATION_TIMEOUT_MS,
  outboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
  inboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
  reconnectRetries: 0,
}

function services({ mesh, admitted }: Libp2pInit) {
  const dht = kadDHT({
    protocol: `/potluck/${mesh}/kad/1.0.0`,
    clientMode: false,
    peerInfoMapper: passthroughMapper,
    // The default, k = 20 disjoint paths, doubles the cost of a query.
    disjointPaths: 2,
    // It connects to each peer that it puts into its table, at 10 ms of CPU: with k = 20 that is
    // everybody in a mesh of 64, while the job starts. Links tell of joins sooner than it does.
    kBucketSize: 8,
    initialQuerySelfInterval: KAD_START_MS * (1 + Math.random()),
    pingNewContactConcurrency: 2,
    routingTableUpdateQueueConcurrency: 2,
  })
  const gossip = gossipsub(GOSSIP_OPTIONS)
  return {
    identify: identify(),
    // kad-dht pings many peers at once; the default of one stream collides with that.
    ping: ping({ maxInboundStreams: 32, maxOutboundStreams: 32 }),
    dht: (components: Parameters<typeof dht>[0]) => dht(gated(components, admitted)),
    gossip: (components: Parameters<typeof gossip>[0]) => gossip(gated(components, admitted)),
  }
}

export type Libp2pNode = Awaited<ReturnType<typeof startLibp2p>>

/** Loopback addresses are of use to others only where there are no other addresses. */
function withoutNeedlessLoopback(addresses: Multiaddr[]): Multiaddr[] {
  const outside = addresses.filter((address) => !isLoopback(address))
  return outside.length > 0 ? outside : addresses
}

function isLoopback(address: Multiaddr): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\/)/.test(address.toString())
}
