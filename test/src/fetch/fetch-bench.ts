// A fetcher between scripted peers: each answers a want however the test says. The peers asked first
// are those the real table would choose.
import {
  DirectoryAuthority,
  type SourceAnswer,
} from '../../../src/authority/directory-authority.ts'
import { Counters } from '../../../src/base/counters.ts'
import { Deadlines } from '../../../src/base/deadlines.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { checksumOf } from '../../../src/block/checksum.ts'
import { keyOf, positionOf } from '../../../src/block/key.ts'
import { HybridClock } from '../../../src/block/stamp.ts'
import { Fetcher, type FetcherInit } from '../../../src/fetch/fetcher.ts'
import type { ClimbPorts } from '../../../src/fetch/climb.ts'
import { Loads } from '../../../src/fetch/loads.ts'
import { Suspects } from '../../../src/fetch/suspects.ts'
import { compareDistance } from '../../../src/placement/distance.ts'
import { PeerTable } from '../../../src/placement/peer-table.ts'
import type { Answer, Block, PeerId, Want } from '../../../src/ports/messages.ts'
import type { Source } from '../../../src/ports/source.ts'
import { Floors } from '../../../src/rumor/floors.ts'
import { Shard } from '../../../src/shard/shard.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

export type Script = (want: Want, signal: AbortSignal) => Promise<Answer>

export const VOLUME = 'v'

export const wantOf = (want: Partial<Want> = {}): Want => {
  const basic = {
    volume: VOLUME,
    kind: 'data',
    inode: '7',
    index: 0,
    splits: 0,
    path: 'f',
  } as const
  return { ...basic, version: 1, floor: 0, reach: 'climb', ...want }
}

export const blockOf = (text: string, stamp = 1, version = 1): Block => {
  const bytes = Uint8Array.from(Buffer.from(text))
  return { stamp, version, checksum: checksumOf(bytes), bytes }
}

export const textOf = (answer: SourceAnswer): string =>
  answer.type === 'block' ? Buffer.from(answer.block.bytes).toString() : answer.type

export class FetchBench {
  readonly clock = new VirtualClock()
  readonly counters = new Counters()
  readonly floors = new Floors()
  readonly stamps = new HybridClock(this.clock)
  readonly shard: Shard
  readonly table: PeerTable
  readonly fetcher: Fetcher
  readonly ports: ClimbPorts
  /** Who was asked what, in order. */
  readonly asked: { readonly peer: PeerId; readonly want: Want }[] = []
  readonly reread: {
    readonly before: Block
    readonly now: Block & { readonly begun: number }
  }[] = []
  readonly changed: string[] = []
  /** Who gives no sign of life. */
  readonly silent = new Set<PeerId>()
  /** What a peer does that has no script of its own. */
  fallback: Script = async () => {
    throw new PotluckError('UNREACHABLE', 'dead')
  }
  readonly #scripts = new Map<PeerId, Script>()

  constructor(init: { peers?: number; source?: Source; isHome?: boolean } = {}) {
    const isHome = init.isHome === true
    this.table = new PeerTable({ peer: 'self', position: selfPosition(isHome) })
    for (let i = 0; i < (init.peers ?? 0); i++) {
      this.table.add({ peer: `p${i}`, position: positionOf(`p${i}`) })
    }
    this.shard = new Shard({ capacityBytes: 1e9, isHome: (key) => this.table.isHome(key) })
    const { clock, table, counters, stamps, shard, floors } = this
    const network = {
      request: (to: PeerId, request: { type: string; want?: Want }, options = {}) =>
        request.type === 'holding'
          ? this.#signOfLife(to)
          : this.#request(to, request.want as Want, options),
      handle: () => {},
      queuedBytes: () => 0,
    }
    const random = new SeededRandom('bench')
    const suspects = new Suspects({ clock, network, random, counters, nearest: () => [] })
    this.ports = {
      clock,
      network,
      table,
      counters,
      stamps,
      checksum: checksumOf,
      suspects,
      loads: new Loads(() => 1),
      looks: new Deadlines(this.clock),
    }
    const authorities = new Map<string, DirectoryAuthority>()
    if (init.source !== undefined) {
      const its = { source: init.source, blockBytes: 1000, inlineBytes: 0 }
      authorities.set(VOLUME, new DirectoryAuthority({ ...its, ...this.ports }))
    }
    const onReread: FetcherInit['onReread'] = (_, before, now) => this.reread.push({ before, now })
    const onChanged: FetcherInit['onChanged'] = ({ inode }) => this.changed.push(inode)
    const told = { onReread, onChanged, onNews: () => {}, copiesOf: () => 1 }
    this.fetcher = new Fetcher({ ...this.ports, random, shard, floors, authorities, ...told })
  }

  /** The peers closer to the key than this node, in the order in which it asks them. */
  order(want: Want = wantOf()): PeerId[] {
    const tried = new Set<PeerId>()
    for (;;) {
      const hop = this.table.nextHop(keyOf(want), tried)
      if (hop === undefined) return [...tried]
      tried.add(hop.peer)
    }
  }

  script(peer: PeerId | undefined, script: Script): void {
    if (peer === undefined) throw new Error('there are fewer peers')
    this.#scripts.set(peer, script)
  }

  /** Answers after so long. */
  after(delayMs: number, answer: Answer | Error): Script {
    return (_, signal) =>
      new Promise((resolve, reject) => {
        const cancel = this.clock.after(delayMs, () => {
          if (answer instanceof Error) reject(answer)
          else resolve(answer)
        })
        signal.addEventListener('abort', () => {
          cancel()
          reject(new PotluckError('ABORTED', 'stopped'))
        })
      })
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.runUntil(work)
  }

  #signOfLife(peer: PeerId) {
    if (this.silent.has(peer)) return new Promise<never>(() => {})
    return Promise.resolve({ type: 'held', held: [] } as const)
  }

  async #request(peer: PeerId, want: Want, options: { signal?: AbortSignal }) {
    this.asked.push({ peer, want })
    const signal = options.signal ?? new AbortController().signal
    if (signal.aborted) throw new PotluckError('ABORTED', 'stopped')
    const script = this.#scripts.get(peer) ?? this.fallback
    return { type: 'answer', answer: await script(want, signal) } as const
  }
}

/** Closer to the key of `wantOf()` than every peer, or farther than nearly all. */
function selfPosition(isHome: boolean): string {
  const key = keyOf(wantOf())
  if (isHome) return key
  const positions = Array.from({ length: 64 }, (_, i) => positionOf(`self ${i}`))
  return positions.sort((a, b) => compareDistance(key, b, a))[0] as string
}
