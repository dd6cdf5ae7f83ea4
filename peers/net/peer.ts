import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { PeerId as Libp2pPeerId, PrivateKey } from '@libp2p/interface'
import { PotluckError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/log.ts'
import type { PeerId } from '../../src/ports/messages.ts'
import type { Network } from '../../src/ports/network.ts'
import type { Routing } from '../../src/ports/routing.ts'
import type { Rumors } from '../../src/ports/rumors.ts'
import { Contacts } from './contacts.ts'
import { loadIdentity, makeIdentity } from './identity.ts'
import { startLibp2p, type Libp2pNode, type Security } from './libp2p-node.ts'
import { Links } from './links.ts'
import { FAREWELL_MS } from './link.ts'
import { Liveness } from './liveness.ts'
import { Membership } from './membership.ts'
import { MESH_KEY_BYTES } from './mesh-key.ts'
import { Handlers, PeerNetwork } from './network.ts'
import { PeerRouting } from './routing.ts'
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
 * @throws PotluckError EINVAL for a bad option, and what listening fails with
 */
export async function startPeer(init: PeerInit): Promise<StartedPeer> {
  checkInit(init)
  const privateKey =
    init.privateKey ??
    (init.identityFile === undefined ? await makeIdentity() : await loadIdentity(init.identityFile))
  const self = peerIdOf(privateKey)
  const log = init.log ?? (() => undefined)
  const contacts = new Contacts(self)
  const handlers = new Handlers()
  let node: Libp2pNode | undefined
  const ownAddresses = (): string[] => (node === undefined ? [] : listenAddresses(node))
  const membership = new Membership({ contacts, links: () => links, ownAddresses, log })
  const links: Links = new Links({
    ...init,
    self,
    log,
    slot: handlers,
    listener: membership,
    addressesOf: (peer) => contacts.addressesOf(peer),
  })
  node = await startLibp2p({
    privateKey,
    mesh: init.mesh,
    listen: init.listen,
    security: init.security ?? 'tls',
    mdns: init.mdns ?? false,
    admitted: (connection) => links.admitted(connection),
  })
  const network = new PeerNetwork(links, handlers, (peer) => membership.remove(peer, 'unreachable'))
  const rumors = new PeerRumors({ gossip: node.services.gossip, mesh: init.mesh, self, links, log })
  rumors.start()
  await links.attach(node)
  followKad(node, membership)
  const liveness = new Liveness(links)
  const started = node

  async function stop(): Promise<void> {
    network.stop()
    rumors.stop()
    liveness.stop()
    membership.stop()
    links.stop(new PotluckError('CLOSED', 'this peer stops'))
    await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
    await started.stop()
  }

  return {
    peerId: self,
    network,
    routing: new PeerRouting(contacts, membership),
    rumors,
    addresses: () => started.getMultiaddrs().map(String),
    dial: async (addresses) => (await links.dial(addresses)).peer,
    connectedPeers: () => [...links.all()].map(({ peer }) => peer),
    counters: () => countersOf({ network, rumors, links, contacts }),
    stop,
  }
}

function checkInit({ mesh, meshKey, listen }: PeerInit): void {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(mesh)) {
    throw new PotluckError('EINVAL', `mesh name '${mesh}': 1 to 64 of letters, digits, '.', '_', '-'`)
  }
  if (meshKey.length !== MESH_KEY_BYTES) {
    throw new PotluckError('EINVAL', `a mesh key of ${meshKey.length} bytes, not ${MESH_KEY_BYTES}`)
  }
  if (listen.length === 0) throw new PotluckError('EINVAL', 'no address to listen on')
}

function peerIdOf(privateKey: PrivateKey): PeerId {
  return peerIdFromPrivateKey(privateKey).toString()
}

/** Without `/p2p/`: who listens there is told beside. */
function listenAddresses(node: Libp2pNode): string[] {
  return node.getMultiaddrs().map((address) => String(address).replace(/\/p2p\/.*$/, ''))
}

type TableEvents = {
  addEventListener(type: 'peer:add', listener: (event: CustomEvent<Libp2pPeerId>) => void): void
}

/** What kad-dht's table gains becomes a contact. What it loses is not believed: links know better. */
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

type Counted = { network: PeerNetwork; rumors: PeerRumors; links: Links; contacts: Contacts }

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
