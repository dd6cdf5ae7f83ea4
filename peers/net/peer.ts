// A real member of the mesh on the wire: identity, libp2p node, links and membership put together,
// and handed out as the three ports that `src` knows: network, routing and rumors.
// It must start nothing that `stop` does not end.
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { PeerId as Libp2pPeerId, PrivateKey } from '@libp2p/interface'
import { PotluckError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/log.ts'
import type { PeerId } from '../../src/ports/messages.ts'
import type { Network } from '../../src/ports/network.ts'
import type { Routing } from '../../src/ports/routing.ts'
import type { Rumors } from '../../src/ports/rumors.ts'
import { Contacts } from './members/contacts.ts'
import { deathBy } from './members/death.ts'
import { loadIdentity, makeIdentity } from './identity.ts'
import { listenFailure } from './libp2p/listen-failure.ts'
import { startLibp2p, type Libp2pNode, type Security } from './libp2p/libp2p-node.ts'
import { Links } from './link/links.ts'
import { FAREWELL_MS } from './link/link.ts'
import { Liveness } from './link/liveness.ts'
import { Membership, SMALL_MESH } from './members/membership.ts'
import { Neighbourhood } from './members/neighbourhood.ts'
import { MESH_KEY_BYTES } from './mesh-key.ts'
import { Handlers, PeerNetwork } from './network.ts'
import { PeerRouting } from './members/routing.ts'
import { PeerRumors } from './rumors.ts'

export type PeerInit = {
  /** The mesh's name: 1 to 64 letters, digits, dots, dashes and underscores. */
  readonly mesh: string
  /** 32 bytes, see `loadMeshKey`. */
  readonly meshKey: Uint8Array
  /** Made where it is not there. @default a fresh identity */
  readonly identityFile?: string
  /** Instead of a file. */
  readonly privateKey?: PrivateKey
  /** Such as `/ip4/0.0.0.0/tcp/4100`; port 0 for any free one. */
  readonly listen: readonly string[]
  /** All peers of a mesh must have the same. @default tls */
  readonly security?: Security
  /** Finds peers of the same mesh in the local network. @default false */
  readonly mdns?: boolean
  /** @default nothing is logged */
  readonly log?: Log
  /** A connection whose peer has not proved the mesh key by then is closed. @default 10_000 */
  readonly proofTimeoutMs?: number
}

/** Numbers that only grow, but for those that end in a unit of what is there now. */
export type PeerCounters = Readonly<Record<string, number>>

export type StartedPeer = {
  readonly peerId: PeerId
  readonly network: Network
  readonly routing: Routing
  readonly rumors: Rumors
  /** Where this peer may be dialled, each with `/p2p/` and its id. */
  addresses(): readonly string[]
  /**
   * Connects to a peer at any of these addresses (`/ip4/…/tcp/…`, with or without `/p2p/…`).
   *
   * @throws PotluckError UNREACHABLE, REFUSED (another mesh or key), EINVAL (no address)
   */
  dial(addresses: readonly string[]): Promise<PeerId>
  connectedPeers(): readonly PeerId[]
  counters(): PeerCounters
  stop(): Promise<void>
}

/**
 * Starts a peer: real implementations of the ports `Network`, `Routing` and `Rumors` over libp2p.
 *
 * @throws PotluckError EINVAL for a bad option; EBUSY, EACCES or EINVAL for an address to listen on
 */
export async function startPeer(init: PeerInit): Promise<StartedPeer> {
  checkInit(init)
  const privateKey = init.privateKey ?? (await identityOf(init))
  const parts = makeParts(init, peerIdFromPrivateKey(privateKey).toString())
  const { links, membership, contacts, network } = parts
  const node = await startLibp2p({
    privateKey,
    mesh: init.mesh,
    listen: init.listen,
    security: init.security ?? 'tls',
    mdns: init.mdns ?? false,
    admitted: (connection) => links.admitted(connection),
  }).catch((error: unknown) => {
    stopParts(parts)
    throw listenFailure(error)
  })
  parts.listening.addresses = () => listenAddresses(node)
  const rumors = makeRumors(init, parts, node)
  rumors.start()
  await links.attach(node)
  followKad(node, membership)
  if (init.mdns === true) followMdns(node, parts)
  const liveness = new Liveness(links)
  return {
    peerId: contacts.self.peer,
    network,
    routing: new PeerRouting(parts),
    rumors,
    addresses: () => node.getMultiaddrs().map(String),
    dial: async (addresses) => (await links.dial(addresses)).peer,
    connectedPeers: () => Array.from(links.all(), ({ peer }) => peer),
    counters: () => countersOf({ ...parts, rumors }),
    stop: () => stopAll({ ...parts, rumors, liveness, node }),
  }
}

type Parts = {
  readonly contacts: Contacts
  readonly links: Links
  readonly membership: Membership
  readonly neighbourhood: Neighbourhood
  readonly network: PeerNetwork
  /** Known once libp2p listens. */
  readonly listening: { addresses: () => string[] }
  readonly log: Log
}

/** What does not need libp2p to be there yet; libp2p's services need it. */
function makeParts(init: PeerInit, self: PeerId): Parts {
  const log = init.log ?? (() => undefined)
  const contacts = new Contacts(self)
  const handlers = new Handlers()
  const listening: Parts['listening'] = { addresses: () => [] }
  const membership = new Membership({
    contacts,
    links: () => links,
    ownAddresses: () => listening.addresses(),
    log,
  })
  const links: Links = new Links({
    ...init,
    self,
    log,
    slot: handlers,
    listener: membership,
    addressesOf: (peer) => contacts.addressesOf(peer),
  })
  const network = new PeerNetwork(links, handlers, (peer, error) =>
    membership.remove(peer, deathBy(error)),
  )
  const neighbourhood = new Neighbourhood({ contacts, links, membership, smallMesh: SMALL_MESH })
  return { contacts, links, membership, neighbourhood, network, listening, log }
}

function makeRumors({ mesh }: PeerInit, { contacts, links, log }: Parts, node: Libp2pNode) {
  const { gossip } = node.services
  return new PeerRumors({ gossip, mesh, self: contacts.self.peer, links, log })
}

type Running = Parts & { rumors: PeerRumors; liveness: Liveness; node: Libp2pNode }

async function stopAll(running: Running): Promise<void> {
  running.rumors.stop()
  running.liveness.stop()
  stopParts(running)
  await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
  await running.node.stop()
}

function stopParts({ network, membership, neighbourhood, links }: Parts): void {
  network.stop()
  neighbourhood.stop()
  membership.stop()
  links.stop(new PotluckError('CLOSED', 'this peer stops'))
}

function identityOf({ identityFile }: PeerInit): Promise<PrivateKey> {
  return identityFile === undefined ? makeIdentity() : loadIdentity(identityFile)
}

function checkInit({ mesh, meshKey, listen }: PeerInit): void {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(mesh)) {
    throw new PotluckError(
      'EINVAL',
      `mesh name '${mesh}': 1 to 64 of letters, digits, '.', '_', '-'`,
    )
  }
  if (meshKey.length !== MESH_KEY_BYTES) {
    throw new PotluckError('EINVAL', `a mesh key of ${meshKey.length} bytes, not ${MESH_KEY_BYTES}`)
  }
  if (listen.length === 0) throw new PotluckError('EINVAL', 'no address to listen on')
}

/** Without `/p2p/`: who listens there is told beside. */
function listenAddresses(node: Libp2pNode): string[] {
  return node.getMultiaddrs().map((address) => String(address).replace(/\/p2p\/.*$/, ''))
}

type TableEvents = {
  addEventListener(type: 'peer:add', listener: (event: CustomEvent<Libp2pPeerId>) => void): void
}

/**
 * What kad-dht's table gains becomes a contact. What it loses is not believed: links know better.
 */
function followKad(node: Libp2pNode, membership: Membership): void {
  const { routingTable } = node.services.dht as unknown as { routingTable: TableEvents }
  routingTable.addEventListener('peer:add', ({ detail }) => {
    const known = node.peerStore.get(detail)
    known.then(
      ({ addresses }) => {
        membership.found(
          detail.toString(),
          addresses.map(({ multiaddr }) => String(multiaddr).replace(/\/p2p\/.*$/, '')),
        )
      },
      () => undefined,
    )
  })
}

/** Enough to be in the mesh; the rest is told by peers. */
const MDNS_LINKS = 4

/** What is heard in the local network is tried, and believed once it has proved the mesh key. */
function followMdns(node: Libp2pNode, { links, log }: Parts): void {
  node.addEventListener('peer:discovery', ({ detail: { id, multiaddrs } }) => {
    const peer = id.toString()
    if (links.size >= MDNS_LINKS || links.get(peer) !== undefined) return
    const addresses = multiaddrs.map((address) => String(address).replace(/\/p2p\/.*$/, ''))
    links.connect(peer, addresses).catch((error: unknown) => {
      log('debug', `no peer ${peer}, of which mDNS told: ${String(error)}`)
    })
  })
}

type Counted = Parts & { rumors: PeerRumors }

function countersOf({ network, rumors, links, contacts }: Counted): PeerCounters {
  return {
    net_requests_total: network.counters.requests,
    net_request_failures_total: network.counters.failures,
    net_refused_peers_total: links.refusals.wrongKey,
    net_proof_timeouts_total: links.refusals.timeouts,
    net_rumors_published_total: rumors.counters.published,
    net_rumors_heard_total: rumors.counters.heard,
    net_rumors_malformed_total: rumors.counters.malformed,
    net_queued_bytes: network.queuedBytes(),
    net_links: links.size,
    net_contacts: contacts.size,
  }
}
