import { PotluckError } from '../../base/errors.ts'
import type { DiskFile } from '../../ports/disk.ts'

/** Makes batches durable: however many wait, one sync at a time serves all that were written before it. */
export class Syncer {
  readonly #file: DiskFile
  #written: number
  #durable: number
  #running: Promise<void> | undefined
  #failure: PotluckError | undefined
  #syncs = 0

  /** @param number the last batch that is durable already */
  constructor(file: DiskFile, number: number) {
    this.#file = file
    this.#written = number
    this.#durable = number
  }

  /** Every batch up to this one outlives the machine. */
  get durable(): number {
    return this.#durable
  }

  get syncs(): number {
    return this.#syncs
  }

  /** Set for ever once a sync has failed: nobody knows what the device has since then. */
  get failure(): PotluckError | undefined {
    return this.#failure
  }

  wrote(number: number): void {
    this.#written = number
  }

  /** Resolves when the batch, which has been written, is durable. @throws PotluckError EIO */
  async reach(number: number): Promise<void> {
    while (this.#durable < number) {
      if (this.#failure !== undefined) throw this.#failure
      this.#running ??= this.#sync().finally(() => (this.#running = undefined))
      await this.#running
    }
  }

  /**
   * As `reach`, in this thread: false where the disk would rather not, or a sync is under way.
   *
   * @throws PotluckError EIO
   */
  reachNow(number: number): boolean {
    if (this.#durable >= number) return true
    if (this.#failure !== undefined) throw this.#failure
    if (this.#running !== undefined) return false
    const covered = this.#written
    try {
      if (!this.#file.syncNow()) return false
    } catch (cause) {
      throw this.giveUp('the disk failed to sync', cause)
    }
    this.#syncs += 1
    this.#durable = Math.max(this.#durable, covered)
    return true
  }

  /** A sync that begins now or later and has ended: for writes that are no batches. */
  async syncAll(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    if (this.#failure !== undefined) throw this.#failure
    this.#running = this.#sync().finally(() => (this.#running = undefined))
    await this.#running
  }

  /** From now on nothing is written any more. @returns the failure that everyone is told */
  giveUp(what: string, cause: unknown): PotluckError {
    const message = `${what}: the log takes no more writes until it is opened again`
    this.#failure = new PotluckError('EIO', message, { cause })
    return this.#failure
  }

  async #sync(): Promise<void> {
    const covered = this.#written
    this.#syncs += 1
    try {
      await this.#file.sync()
    } catch (cause) {
      throw this.giveUp('the disk failed to sync', cause)
    }
    this.#durable = Math.max(this.#durable, covered)
  }
}
