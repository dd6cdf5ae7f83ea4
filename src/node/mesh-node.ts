// What a started node offers to whoever composed it: the command line, the local API, the
// simulator. `start-node.ts` makes one out of ports.
import type { Distribution } from '../base/histogram.ts'
import type { Log } from '../base/log.ts'
import type { LockRoom } from '../lock/lock-room.ts'
import type { Clock } from '../ports/clock.ts'
import type { PinWish } from '../ports/heat/heat-messages.ts'
import type { PeerId } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { Trace } from '../heat/trace.ts'
import type { Traces } from '../heat/traces.ts'
import type { Programs } from '../ports/programs.ts'
import type { Random } from '../ports/random.ts'
import type { Routing } from '../ports/routing.ts'
import type { Spill } from '../log/spill.ts'
import type { Rumors } from '../ports/rumors.ts'
import type { Source } from '../ports/source.ts'
import type { Volume } from '../volume/volume.ts'
import type { WarmProgress } from '../volume/warm.ts'
import type { NodeGauges } from './gauges.ts'
import type { Heat, HeatInit } from './heat/heat-status.ts'

export type NodePorts = {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly routing: Routing
  readonly rumors: Rumors
  /** @default crc32 of the bytes; the simulator, which does not allocate payloads, has its own. */
  readonly checksum?: (bytes: Uint8Array) => number
  /** @default nobody can be told apart: all who read at one time are one start */
  readonly programs?: Programs
  /** @default what RAM can't hold is gone, and so is all of it with the process */
  readonly spill?: Spill
  /** @default nothing is logged */
  readonly log?: Log
}

/**
 * What is fetched before it is asked for. `none`: the rest of what is being read of one file.
 * `first-run`: what lies beside it, too. `trace`: what was used after it in an earlier start, too.
 */
export type Ahead = 'none' | 'first-run' | 'trace'

/**
 * `static`: never checked again. `gossip`: rumors, and a check of each page once a period. `strict`: and
 * who changes something waits until nobody uses what was before.
 */
export type Coherence = 'static' | 'gossip' | 'strict'

/**
 * `off`: read-only. `through`: what is written is on the source before the writer goes on. `back`: two
 * peers have it by then, and the source later.
 */
export type WriteMode = 'off' | 'through' | 'back'

export type VolumeInit = {
  readonly name: string
  /** Absent: this node reads through peers that have it. Closed by `stop`. */
  readonly source?: Source
  /** @default off */
  readonly write?: WriteMode
  /** Written bytes are on the source when close(2) returns, or it fails. @default true */
  readonly flushOnClose?: boolean
  /** The most written bytes that the source has not yet, and as many copies for others. @default 64 MiB */
  readonly dirtyBytes?: number
  /** They are put there when they are older than this. @default 5_000 */
  readonly dirtyAgeMs?: number
  /** Power of two from 4 KiB to 4 MiB. @default 1 MiB */
  readonly blockBytes?: number
  /** Files up to this size travel inside their directory's page; 0 for none. @default measured */
  readonly inlineBytes?: number
  /** @default gossip */
  readonly coherence?: Coherence
  /** With `strict`, how long who is silent keeps a writer waiting; the same everywhere. @default 5_000 */
  readonly leaseMs?: number
  /** A page is checked against the source once in this time. @default 300_000 */
  readonly revalidateMs?: number
  /** Read-ahead inside a file at most this many bytes. @default 32 MiB, or 1/8 of the RAM */
  readonly readAheadBytes?: number
  /** @default trace */
  readonly ahead?: Ahead
  /** Known from before; each is checked against the tree where it is followed. */
  readonly traces?: readonly Trace[]
  /** Told of each trace that is new or has changed, and of each that is gone. */
  readonly onTrace?: (name: string, trace: Trace | undefined) => void
}

export type NodeInit = {
  readonly volumes: readonly VolumeInit[]
  /** The most that cached blocks may hold, in bytes. */
  readonly ramBytes: number
  /** This node's life number: grows at each start of the same identity. */
  readonly epoch: number
  /**
   * A node that nobody could tell who grants locks decides so itself this long after its start: longer
   * where others are known to be there already. @default at once in company, 1_000 alone
   */
  readonly foundAfterMs?: number
  /** @default uses are not counted, and nothing is pinned */
  readonly heat?: HeatInit
  /** Pinned by hand before; whatever is newer in the mesh counts. */
  readonly wishes?: readonly PinWish[]
  /** Told of all of them whenever one is new. */
  readonly onWishes?: (wishes: readonly PinWish[]) => void
  /** Whether processes here may lock files. @default where a volume takes changes */
  readonly hasLocks?: boolean
}

/**
 * Blocks by where they came from, asked for or read ahead; found in the `shard` again each time.
 * The kernel's own hits are not seen.
 */
export type TierCounts = { shard: number; peer: number; source: number }

export type VolumeStatus = {
  readonly name: string
  readonly hasSource: boolean
  readonly coherence: Coherence
  readonly blockBytes: number
  readonly blocks: Readonly<TierCounts>
  readonly bytes: Readonly<TierCounts>
}

export type NodeStatus = {
  readonly peer: PeerId
  readonly epoch: number
  readonly peers: number
  readonly upMs: number
  readonly ram: {
    readonly capacityBytes: number
    readonly usedBytes: number
    readonly blocks: number
  }
  readonly volumes: readonly VolumeStatus[]
  /** Written here and not on the source yet; and copies of such bytes of others. */
  readonly dirty: { readonly bytes: number; readonly files: number; readonly copyBytes: number }
  /** Names with their unit at the end, such as `fetch_hedges_total`; all only grow. */
  readonly counters: Readonly<Record<string, number>>
  /** Milliseconds that the newest few hundred fetches from peers took. */
  readonly fetchMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** All fetches from peers since the node started. */
  readonly fetchTimes: Distribution
}

export type Holder = { readonly peer: PeerId; readonly blocks: number; readonly isHome: boolean }

export type Locks = Pick<LockRoom, 'lock' | 'test' | 'releaseOwner' | 'isLost'>

export interface MeshNode {
  readonly peer: PeerId
  /** For processes of this node that lock files; a mount's own go through its volume. */
  readonly locks: Locks
  volumes(): readonly Volume[]
  /** @throws PotluckError UNKNOWN_VOLUME */
  volume(name: string): Volume
  status(): NodeStatus
  gauges(): NodeGauges

  /** Drops what any node caches of a path (with `recursive` the whole volume) and tells everyone. */
  invalidate(volume: string, path: string, options?: { recursive?: boolean }): Promise<void>

  /** What is used often, and pinned; undefined where uses are not counted. */
  readonly heat: Heat | undefined

  /** Access traces of a volume. @throws PotluckError UNKNOWN_VOLUME, ENOTSUP where starts are not watched */
  traces(volume: string): Traces

  /** Reads trees or files into the mesh through this node's shard. Paths are byte strings. */
  warm(
    volume: string,
    paths: readonly string[],
    options?: {
      signal?: AbortSignal
      onProgress?: (progress: WarmProgress) => void
      everyNode?: boolean
      /** What an access trace of this name holds, and not paths. */
      trace?: string
    },
  ): Promise<WarmProgress>

  /** Which peers hold how many of a file's blocks (a directory's pages). */
  holders(
    volume: string,
    path: string,
    options?: { signal?: AbortSignal },
  ): Promise<{ readonly blocks: number; readonly holders: readonly Holder[] }>

  /** Resolves once this volume's root page is here: the node can serve. */
  ready(volume: string, options?: { signal?: AbortSignal }): Promise<void>

  /** Puts on the source what only this node has, and ends. */
  stop(options?: StopOptions): Promise<void>
}

export type StopOptions = {
  /** Called with the bytes that are not on the source yet. */
  readonly onProgress?: (bytes: number) => void
}
