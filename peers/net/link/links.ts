import type { Connection, PeerId as Libp2pPeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { PotluckError } from '../../../src/base/errors.ts'
import type { PeerId } from '../../../src/ports/messages.ts'
import { protocolId } from './frame.ts'
import type { Libp2pNode } from '../libp2p/libp2p-node.ts'
import { Link } from './link.ts'
import type { LinkInit, LinkListener } from './link-types.ts'

/** How long a stranger may take to prove the mesh key, if both are busy with many others. */
const PROOF_TIMEOUT_MS = 10_000
/** A known peer that can't be connected to in this time counts as dead. */
const DIAL_TIMEOUT_MS = 3_000
/** The first peer of a mesh may have hundreds of others at its door. */
const JOIN_TIMEOUT_MS = 15_000
/** Connections that have not proved anything yet. */
const MAX_UNPROVEN = 1_024

export type LinksInit = Omit<LinkInit, 'connection' | 'stream'> & {
  /** Where a peer may be reached, as far as we know. */
  readonly addressesOf: (peer: PeerId) => readonly string[]
  /** @default 10_000 */
  readonly proofTimeoutMs?: number
}

/**
 * The links of this node: one on every connection, opened by whoever dialled it, the first thing on
 * it after libp2p's own negotiation. A connection without a proven link in time is closed.
 */
export class Links {
  readonly #init: LinksInit
  readonly #listener: LinkListener
  /** A peer's open links. Two, if both dialled at once; the first in the list is used. */
  readonly #open = new Map<PeerId, Link[]>()
  readonly #byConnection = new WeakMap<Connection, PromiseWithResolvers<Link>>()
  readonly #dialling = new Map<PeerId, Promise<Link>>()
  readonly refusals = { wrongKey: 0, timeouts: 0 }
  #node: Libp2pNode | undefined
  #unproven = 0
  #newestMs = Number.NEGATIVE_INFINITY
  #isStopped = false

  constructor(init: LinksInit) {
    this.#init = init
    this.#listener = {
      ...bound(init.listener),
      opened: (link) => this.#onOpened(link),
      closed: (link, error) => this.#onClosed(link, error),
    }
  }

  /** Begins to link every connection of a libp2p node. */
  async attach(node: Libp2pNode): Promise<void> {
    this.#node = node
    node.addEventListener('connection:open', (event) => this.#onConnection(event.detail))
    node.addEventListener('connection:close', (event) => {
      const error = new PotluckError('UNREACHABLE', 'the connection closed')
      this.#byConnection.get(event.detail)?.reject(error)
    })
    const options = { maxInboundStreams: 1, maxOutboundStreams: 1 }
    await node.handle(protocolId(), (stream, connection) => this.#link(stream, connection), options)
    for (const connection of node.getConnections()) this.#onConnection(connection)
  }

  get(peer: PeerId): Link | undefined {
    return this.#open.get(peer)?.[0]
  }

  /** One link a peer. */
  *all(): Iterable<Link> {
    for (const [link] of this.#open.values()) if (link !== undefined) yield link
  }

  get size(): number {
    return this.#open.size
  }

  /** Peers whose link opened a moment ago. */
  youngerThan(ageMs: number): PeerId[] {
    const bornAfter = performance.now() - ageMs
    if (this.#newestMs < bornAfter) return []
    return [...this.all()].filter(({ openedMs }) => openedMs > bornAfter).map(({ peer }) => peer)
  }

  /** Resolves once a connection's peer has proved the mesh key, rejects if it does not. */
  async admitted(connection: Connection): Promise<Link> {
    const link = await this.#deferred(connection).promise
    await link.ready
    return link
  }

  /**
   * An open link, made if need be; calls at the same time share one dial.
   *
   * @throws PotluckError UNREACHABLE, REFUSED, CLOSED
   */
  connect(peer: PeerId, addresses?: readonly string[]): Promise<Link> {
    const open = this.get(peer)
    if (open !== undefined) return Promise.resolve(open)
    const dialling = this.#dialling.get(peer)
    if (dialling !== undefined) return dialling
    const known = addresses ?? this.#init.addressesOf(peer)
    const id = `/p2p/${peer}`
    const targets = known.map((address) => multiaddr(address + id))
    const link = this.#dial(targets.length > 0 ? targets : peerIdFromString(peer), DIAL_TIMEOUT_MS)
    this.#dialling.set(peer, link)
    const forget = (): boolean => this.#dialling.delete(peer)
    link.then(forget, forget)
    return link
  }

  /** Dials addresses whose peer may be unknown. @throws as `connect` does */
  async dial(addresses: readonly string[]): Promise<Link> {
    return this.#dial(parseAddresses(addresses), JOIN_TIMEOUT_MS)
  }

  async #dial(target: Multiaddr[] | Libp2pPeerId, timeoutMs: number): Promise<Link> {
    const node = this.#node
    if (node === undefined || this.#isStopped) throw new PotluckError('CLOSED', 'stopping')
    let connection: Connection
    try {
      connection = await node.dial(target, { signal: AbortSignal.timeout(timeoutMs) })
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new PotluckError('UNREACHABLE', `can't connect to ${String(target)}: ${message}`, {
        cause,
      })
    }
    return this.admitted(connection)
  }

  stop(error: PotluckError): void {
    this.#isStopped = true
    // Closing a link takes it out of the map.
    const links = Array.from(this.#open.values()).flat()
    for (const link of links) link.close(error)
  }

  #deferred(connection: Connection): PromiseWithResolvers<Link> {
    let deferred = this.#byConnection.get(connection)
    if (deferred === undefined) {
      deferred = Promise.withResolvers<Link>()
      deferred.promise.catch(() => undefined)
      this.#byConnection.set(connection, deferred)
    }
    return deferred
  }

  #onConnection(connection: Connection): void {
    if (this.#isStopped || this.#unproven >= MAX_UNPROVEN) {
      connection.abort(new Error('too many connections without a proof'))
      return
    }
    this.#expectProof(connection)
    if (connection.direction !== 'outbound') return
    connection
      .newStream([protocolId()])
      .then((stream) => this.#link(stream, connection))
      .catch((error: unknown) => this.#refuse(connection, `speaks no ${protocolId()}`, error))
  }

  #expectProof(connection: Connection): void {
    this.#unproven++
    const timer = setTimeout(() => {
      this.refusals.timeouts++
      this.#refuse(connection, 'did not prove the mesh key in time', undefined)
    }, this.#init.proofTimeoutMs ?? PROOF_TIMEOUT_MS)
    const end = (): void => {
      this.#unproven--
      clearTimeout(timer)
    }
    this.admitted(connection).then(end, end)
  }

  #refuse(connection: Connection, why: string, error: unknown): void {
    const peer = connection.remotePeer.toString()
    const cause = new PotluckError('REFUSED', `peer ${peer} ${why}`, { cause: error })
    if (connection.status === 'open') {
      this.#init.log('warn', `closing the connection to ${peer}: it ${why}`, { peer })
    }
    this.#deferred(connection).reject(cause)
    connection.abort(cause)
  }

  #link(stream: Stream, connection: Connection): void {
    const link = new Link({ ...this.#init, listener: this.#listener, connection, stream })
    this.#deferred(connection).resolve(link)
  }

  #onOpened(link: Link): void {
    const links = this.#open.get(link.peer) ?? []
    // Both ends agree on which of two links they use: the one that the smaller peer id dialled.
    const isDialler = link.connection.direction === 'outbound'
    if (isDialler === this.#init.self < link.peer) links.unshift(link)
    else links.push(link)
    this.#open.set(link.peer, links)
    this.#newestMs = link.openedMs
    this.#init.listener.opened(link)
  }

  #onClosed(link: Link, error: PotluckError): void {
    if (error.code === 'REFUSED') this.refusals.wrongKey++
    const links = this.#open.get(link.peer)
    const index = links?.indexOf(link) ?? -1
    if (links === undefined || index < 0) return
    links.splice(index, 1)
    if (links.length === 0) this.#open.delete(link.peer)
    // Gossip streams live on one connection; a peer that lost one of two would no longer hear.
    else for (const other of links.slice()) other.close(error)
    if (!this.#open.has(link.peer)) this.#init.listener.closed(link, error)
  }
}

/** @throws PotluckError EINVAL */
function parseAddresses(addresses: readonly string[]): Multiaddr[] {
  return addresses.map((address) => {
    try {
      return multiaddr(address)
    } catch (cause) {
      throw new PotluckError('EINVAL', `'${address}' is no address`, { cause })
    }
  })
}

function bound(listener: LinkListener): LinkListener {
  return {
    opened: (link) => listener.opened(link),
    closed: (link, error) => listener.closed(link, error),
    contacts: (link, body) => listener.contacts(link, body),
    departed: (link, body) => listener.departed(link, body),
    digest: (link, body) => listener.digest(link, body),
    find: (link, body) => listener.find(link, body),
    goodbye: (link, leaves) => listener.goodbye(link, leaves),
  }
}
