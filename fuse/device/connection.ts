// One connection to the kernel: requests come in, replies and notifies go out.
import { closeSync, writeSync, writevSync } from 'node:fs'
import type { Log } from '../../src/base/log.ts'
import type { Message } from '../protocol/message.ts'
import { DeviceReader } from './device-reader.ts'
import { Notifier } from './notifier.ts'

export type ConnectionInit = {
  /** The open device, already mounted. The connection closes it. */
  readonly fd: number
  readonly log: Log
  /** Called for each request; must have decoded it when it returns, or keep it. */
  readonly onMessage: (message: Message) => void
}

/** What a session needs of the device, and all that a fake one has to have. */
export interface ReplyDevice {
  /**
   * Sends the first `length` bytes of `header`, then `slices`, as one message.
   * @returns false where nobody waits for it any more
   */
  reply(header: Uint8Array, length: number, slices?: readonly Uint8Array[]): boolean
}

export class Connection implements ReplyDevice {
  /** Writes what is said of names; see session/telling/. */
  readonly names: Notifier
  /** Writes what is said of inodes. */
  readonly inodes: Notifier
  /** Resolves with the errno's name that ended the connection, or 'stopped'. */
  readonly ended: Promise<string>
  #fd: number
  readonly #reader: DeviceReader
  readonly #init: ConnectionInit
  #writeErrors = 0

  constructor(init: ConnectionInit) {
    this.#init = init
    this.#fd = init.fd
    this.names = new Notifier(init)
    this.inodes = new Notifier(init)
    this.#reader = new DeviceReader(init.fd, init.onMessage)
    this.ended = this.#reader.ended
  }

  get writeErrors(): number {
    return this.#writeErrors
  }

  reply(header: Uint8Array, length: number, slices?: readonly Uint8Array[]): boolean {
    if (this.#fd < 0) return false
    try {
      if (slices === undefined) writeSync(this.#fd, header, 0, length)
      else writevSync(this.#fd, [header.subarray(0, length), ...slices])
      return true
    } catch (error) {
      this.#onWriteError(error as NodeJS.ErrnoException)
      return false
    }
  }

  /** ENOENT: the request was interrupted. ENODEV and EPERM: the mount has gone. */
  #onWriteError(error: NodeJS.ErrnoException): void {
    const { code } = error
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EPERM') return
    this.#writeErrors++
    this.#init.log('error', `the kernel refused a reply: ${error.message}`, { code })
  }

  /**
   * Closes the device. Whoever still has a file open on the mount gets ENOTCONN from then on, and
   * nobody waits for a reply for ever.
   */
  async close(): Promise<void> {
    // While a notify thread is inside a write it holds the device open, and the write may wait
    // for a request: so reading goes on until it is done.
    await Promise.all([this.names.close(), this.inodes.close()])
    this.#reader.stop()
    await this.ended
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    closeSync(fd)
  }
}
