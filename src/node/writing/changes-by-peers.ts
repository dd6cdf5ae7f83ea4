// Changes of a volume whose source is not mounted here: a peer that has it makes them for us.
//
// All nodes ask the same peer as long as it is there, the one closest to the volume's name, so that
// writers of one file meet at one place. Where it is gone, what can be done twice is done by the
// next one, where what was open is opened again; of the rest nobody knows whether it was done, and
// whoever asked for it is told so.
import type { Clock } from '../../ports/clock.ts'
import type { Member } from '../../ports/locks.ts'
import type { Inode, Key, Path, PeerId, Reply } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import type { Contact } from '../../ports/routing.ts'
import type { OpenMode } from '../../ports/changes.ts'
import type { Change, Made, Target } from '../../ports/writable-source.ts'
import { codeOf, PotluckError } from '../../base/errors.ts'
import { sleep } from '../../base/time.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { positionOf } from '../../block/key.ts'
import type { MakeOptions } from '../../authority/changes/source-changes.ts'
import { handlesIn } from './changes-for-peers.ts'

/** Peers that are asked whether they have the source, at most. */
const ASKED_MAX = 1_024
/** A peer whose connection broke is asked once more, so often, so long after. */
const TRIES = 4
const RETRY_MS = 500
/** So often whoever has the source is looked for: a peer whose connection broke comes back in a moment. */
const FINDING_TRIES = 10

export type ChangesByPeersInit = {
  readonly volume: string
  /** This life's number. */
  readonly session: number
  readonly clock: Clock
  readonly network: Network
  readonly stamps: HybridClock
  /** Peers closest to a key, the closest first. */
  readonly closest: (key: Key, count: number) => readonly Contact[]
  /** A peer has changed something for this node. */
  readonly onMadeBy: (maker: Member) => void
  /** Nobody else is asked. @default whoever has the source */
  readonly only?: PeerId
  /** Where an inode is now. */
  readonly pathOf: (inode: Inode) => Path | undefined
}

type Open = { peer: PeerId; theirs: number; readonly inode: Inode; readonly how: OpenMode }

export class ChangesByPeers {
  readonly #init: ChangesByPeersInit
  readonly #handles = new Map<number, Open>()
  #peer: PeerId | undefined
  #number = 0
  #nextHandle = 1

  constructor(init: ChangesByPeersInit) {
    this.#init = init
  }

  /** @throws PotluckError what the change failed with; NO_SOURCE where nobody has the source */
  async make(change: Change, { caller }: MakeOptions): Promise<Made> {
    const asked = { caller, number: this.#number++ }
    // Where nobody is found, nothing was asked of anybody yet.
    const first = await this.#peerFor(change)
    try {
      return await this.#makeAt(first, change, asked)
    } catch (error) {
      if (!isGone(error)) throw error
      this.#peer = undefined
      if (change.type === 'close') return this.#closed(change.handle)
      if (!isRepeatable(change)) {
        throw new PotluckError('EIO', `nobody knows whether it was done: ${change.type}`, {
          cause: error,
        })
      }
      const peer = await this.#findPeer()
      for (const handle of handlesIn(change)) await this.#reopen(handle, peer, asked)
      return this.#makeAt(peer, change, { ...asked, number: this.#number++ })
    }
  }

  async #makeAt(
    peer: PeerId,
    change: Change,
    asked: Pick<MakeOptions, 'caller'> & { readonly number: number },
  ): Promise<Made> {
    const theirs = withHandles(change, (handle) => this.#open(handle).theirs)
    const made = await this.#ask(peer, theirs, asked)
    if (change.type === 'close') return this.#closed(change.handle, made)
    if (made.handle === undefined) return made
    if (!('how' in change) || change.type === 'allocate') return made
    const { how } = change
    const inode = change.type === 'open' ? change.on.inode : openedInode(made)
    const handle = this.#nextHandle++
    this.#handles.set(handle, { peer, theirs: made.handle, inode, how })
    return { ...made, handle }
  }

  #closed(handle: number, made: Made = { news: [] }): Made {
    this.#handles.delete(handle)
    return made
  }

  /** Asks again where the connection broke: the change is made once all the same. */
  async #ask(
    peer: PeerId,
    change: Change,
    asked: Pick<MakeOptions, 'caller'> & { readonly number: number },
  ): Promise<Made> {
    const { network, volume, session } = this.#init
    const request = { type: 'change', volume, session, ...asked, change } as const
    for (let tries = 1; ; tries++) {
      try {
        const { made, epoch } = this.#believe(await network.request(peer, request))
        if (made.news.length > 0) this.#init.onMadeBy({ peer, epoch })
        return made
      } catch (error) {
        if (codeOf(error) !== 'UNREACHABLE' || tries === TRIES) throw error
        await sleep(this.#init.clock, RETRY_MS)
      }
    }
  }

  #believe(reply: Reply): Reply & { readonly type: 'made' } {
    const { stamps, volume } = this.#init
    if (reply.type !== 'made') {
      throw new PotluckError('MALFORMED', `a change was answered by '${reply.type}'`)
    }
    const { news } = reply.made
    const isHonest = news.every((one) => one.volume === volume && stamps.witness(one.stamp))
    if (isHonest) return reply
    throw new PotluckError('MALFORMED', 'a change was answered with news of something else')
  }

  /** Who has the files open that the change is about, else whoever makes all changes. */
  async #peerFor(change: Change): Promise<PeerId> {
    const [handle] = handlesIn(change)
    if (handle !== undefined) return this.#open(handle).peer
    return this.#peer ?? this.#findPeer()
  }

  async #findPeer(): Promise<PeerId> {
    const { volume, closest, only } = this.#init
    if (only !== undefined) return only
    for (let tries = 1; tries <= FINDING_TRIES; tries++) {
      for (const { peer } of closest(positionOf(volume), ASKED_MAX)) {
        // One after another on purpose: the first one that has it is the one that all others find.
        if (await this.#canChange(peer)) return (this.#peer = peer)
      }
      if (tries < FINDING_TRIES) await sleep(this.#init.clock, RETRY_MS)
    }
    throw new PotluckError('NO_SOURCE', `no reachable peer can change the source of ${volume}`)
  }

  async #canChange(peer: PeerId): Promise<boolean> {
    const { volume, network } = this.#init
    const reply = await network.request(peer, { type: 'changes', volume }).catch(() => undefined)
    return reply?.type === 'done'
  }

  /** Nothing was lost with the peer that had it open: what was written is on the source. */
  async #reopen(handle: number, peer: PeerId, asked: Pick<MakeOptions, 'caller'>): Promise<void> {
    const open = this.#open(handle)
    if (open.peer === peer) return
    const { inode, how } = open
    const path = this.#init.pathOf(inode)
    if (path === undefined) throw new PotluckError('ESTALE', 'a file without a name was lost')
    const change = { type: 'open', on: { inode, path }, how: { ...how, truncate: false } } as const
    const made = await this.#ask(peer, change, { ...asked, number: this.#number++ })
    if (made.handle === undefined) throw new PotluckError('MALFORMED', 'no handle of an open file')
    Object.assign(open, { peer, theirs: made.handle })
  }

  #open(handle: number): Open {
    const open = this.#handles.get(handle)
    if (open !== undefined) return open
    throw new PotluckError('EBADF', `no file has the handle ${handle}`)
  }
}

function openedInode({ news }: Made): Inode {
  for (const { inode, news: told } of news) {
    if (told?.type === 'name') return told.entry?.attributes.inode ?? inode
    return inode
  }
  throw new PotluckError('MALFORMED', 'a file was opened that nobody knows')
}

function isGone(error: unknown): boolean {
  const code = codeOf(error)
  const isSourceGone = code === 'NO_SOURCE' || code === 'UNKNOWN_VOLUME'
  return code === 'UNREACHABLE' || code === 'CLOSED' || isSourceGone
}

/** Whether it may be done twice with the same outcome. */
function isRepeatable(change: Change): boolean {
  switch (change.type) {
    case 'write':
      return !change.isAppend
    case 'open':
    case 'read':
    case 'allocate':
    case 'copy':
    case 'seek':
    case 'sync':
    case 'sync-directory':
    case 'setattr':
      return true
    default:
      return false
  }
}

/** The same change with the handles that another peer has for the same files. */
function withHandles(change: Change, theirs: (handle: number) => number): Change {
  const of = <T extends { readonly handle: number }>(span: T): T => {
    return { ...span, handle: theirs(span.handle) }
  }
  const target = (on: Target): Target =>
    on.handle === undefined ? on : { ...on, handle: theirs(on.handle) }
  if ('handle' in change) return of(change)
  if (change.type === 'copy') return { ...change, of: of(change.of), to: of(change.to) }
  if ('of' in change) return { ...change, of: of(change.of) }
  if ('on' in change) return { ...change, on: target(change.on) }
  return change.type === 'link' ? { ...change, from: target(change.from) } : change
}
