// Warming, asked for here or by a peer. A peer's job runs on after the answer, so their number is
// bounded, and the node's end ends them.
import { PotluckError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Network } from '../ports/network.ts'
import type { Routing } from '../ports/routing.ts'
import { warm, type WarmProgress } from '../volume/warm.ts'
import type { VolumeRoom } from './volumes/volume-room.ts'

/** Jobs that peers may have started here at one time. */
const JOBS_MAX = 4

export type WarmOptions = {
  /** Every other node begins, too. */
  readonly everyNode?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: WarmProgress) => void
}

/** What to warm: paths, or what the trace of this name holds where it is not ''. */
export type WarmWhat = { readonly paths: readonly string[]; readonly trace: string }

export type WarmJobsPorts = {
  readonly network: Network
  readonly routing: Routing
  readonly log?: Log | undefined
  /** Aborts when the node stops. */
  readonly stopping: AbortSignal
}

export class WarmJobs {
  readonly #ports: WarmJobsPorts
  #running = 0

  constructor(ports: WarmJobsPorts) {
    this.#ports = ports
  }

  /** Jobs of peers under way. */
  get running(): number {
    return this.#running
  }

  /** @throws PotluckError what reading failed with here */
  warm(room: VolumeRoom, what: WarmWhat, options: WarmOptions = {}): Promise<WarmProgress> {
    if (options.everyNode === true) this.#askEveryone(room.id, what)
    return this.#run(room, what, options)
  }

  #run(
    room: VolumeRoom,
    { paths, trace }: WarmWhat,
    options: WarmOptions = {},
  ): Promise<WarmProgress> {
    if (trace !== '') return this.#follow(room, trace, options)
    const readFile = room.readFile.bind(room)
    return warm({ tree: room.tree, readFile, ...options }, paths)
  }

  /** @throws PotluckError ENOENT for an unknown trace, ENOTSUP where none are kept */
  async #follow(room: VolumeRoom, trace: string, options: WarmOptions): Promise<WarmProgress> {
    if (room.traces !== undefined) return room.traces.warm(trace, options)
    throw new PotluckError('ENOTSUP', 'this node keeps no traces')
  }

  /** Tells every peer to do the same; who declines is logged, and holds nobody up. */
  #askEveryone(volume: string, what: WarmWhat): void {
    const { log, network, routing } = this.#ports
    for (const { peer } of routing.contacts()) {
      network.request(peer, { type: 'warm', volume, ...what }).catch((error: unknown) => {
        log?.('warn', `peer ${peer} does not warm: ${String(error)}`)
      })
    }
  }

  /** Begins a peer's job. @throws PotluckError BUSY where too many run already */
  begin(room: VolumeRoom, what: WarmWhat): void {
    if (this.#running >= JOBS_MAX) throw new PotluckError('BUSY', 'already warming for others')
    this.#running += 1
    this.#run(room, what, { signal: this.#ports.stopping })
      .catch((error: unknown) => this.#ports.log?.('warn', `warming failed: ${String(error)}`))
      .finally(() => {
        this.#running -= 1
      })
  }
}
