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
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: WarmProgress) => void
}

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

  run(
    room: VolumeRoom,
    paths: readonly string[],
    options: WarmOptions = {},
  ): Promise<WarmProgress> {
    const readFile = room.readFile.bind(room)
    return warm({ tree: room.tree, readFile, ...options }, paths)
  }

  /** Tells every peer to do the same; who declines is logged, and holds nobody up. */
  askEveryone(volume: string, paths: readonly string[]): void {
    const { log, network, routing } = this.#ports
    for (const { peer } of routing.contacts()) {
      network.request(peer, { type: 'warm', volume, paths }).catch((error: unknown) => {
        log?.('warn', `peer ${peer} does not warm: ${String(error)}`)
      })
    }
  }

  /** Begins a peer's job. @throws PotluckError BUSY where too many run already */
  begin(room: VolumeRoom, paths: readonly string[]): void {
    if (this.#running >= JOBS_MAX) throw new PotluckError('BUSY', 'already warming for others')
    this.#running += 1
    this.run(room, paths, { signal: this.#ports.stopping })
      .catch((error: unknown) => this.#ports.log?.('warn', `warming failed: ${String(error)}`))
      .finally(() => {
        this.#running -= 1
      })
  }
}
