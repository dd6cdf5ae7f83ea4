// The driver that speaks the kernel's protocol itself: puts a session and a connection together,
// and takes them apart again in the one order that leaves nobody hanging.
import type { Log } from '../src/base/log.ts'
import { isWritable } from '../src/volume/volume.ts'
import { PotluckError } from '../src/base/errors.ts'
import { Connection } from './device/connection.ts'
import { beforeExit } from './exit.ts'
import type { CloseReason, Mount, MountInit } from './driver.ts'
import { MAX_IO_BYTES } from './protocol/negotiate.ts'
import { Session } from './session/session.ts'
import { mountDevice, setReadAhead } from './system/mount-device.ts'
import { prepareMountPoint } from './system/mount-point.ts'
import { mountedAt } from './system/mount-table.ts'
import { isRoot, unmount, unmountLazily, unmountNow } from './system/unmount.ts'

export async function mountKernel(init: MountInit): Promise<Mount> {
  const { volume, log } = init
  const path = await prepareMountPoint(init.mountPoint, init)
  const allowOther = init.allowOther ?? isRoot()
  const readAheadBytes = init.readAheadBytes ?? MAX_IO_BYTES
  const isReadOnly = !isWritable(volume)
  const fd = await mountDevice(path, { volumeName: volume.name, allowOther, isReadOnly, log })
  setReadAhead(path, { bytes: readAheadBytes, log })
  const mount = new KernelMount(init, { path, fd, readAheadBytes })
  await mount.ready
  return mount
}

type Mounted = { readonly path: string; readonly fd: number; readonly readAheadBytes: number }

class KernelMount implements Mount {
  readonly mountPoint: string
  readonly closed: Promise<CloseReason>
  readonly ready: Promise<void>
  readonly #log: Log
  readonly #minor: number | undefined
  readonly #session: Session
  readonly #connection: Connection
  readonly #forgetExit: () => void
  #unmounting: Promise<void> | undefined

  constructor(init: MountInit, { path, fd, readAheadBytes }: Mounted) {
    const { volume, log, zeroMessageOpens, write } = init
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.mountPoint = path
    this.ready = promise
    this.#log = log
    this.#minor = mountedAt(path)?.minor
    let isReady = false
    this.#connection = new Connection({
      fd,
      log,
      onMessage: (message) => this.#session.handle(message),
    })
    this.#session = new Session({
      volume,
      log,
      readAheadBytes,
      // Where nothing is believed for long, the volume wants to hear of every use.
      zeroMessageOpens: zeroMessageOpens === true && volume.isStrict !== true,
      writeBack: write === 'back',
      device: this.#connection,
      onReady: () => {
        isReady = true
        const { invalidations } = this.#session
        const { names, inodes } = invalidations
        const onFailed = () => invalidations.giveUp()
        this.#connection.names.start({ next: () => names.next(), onFailed })
        this.#connection.inodes.start({ next: () => inodes.next(), onFailed })
        resolve()
      },
      onInvalidation: () => {
        if (!isReady) return
        this.#connection.names.pump()
        this.#connection.inodes.pump()
      },
    })
    this.#forgetExit = beforeExit(() => unmountNow(path))
    this.closed = this.#connection.ended.then((why) => this.#onEnded(why))
    void this.closed.then((reason) => reject(notServed(path, reason)))
  }

  counters(): Record<string, number> {
    const names = this.#connection.names.counts()
    const inodes = this.#connection.inodes.counts()
    return {
      ...this.#session.counters(),
      fuse_notifies_total: names.sent + inodes.sent,
      fuse_notifies_unknown_total: names.unknown + inodes.unknown,
      fuse_notifies_failed_total: names.failed + inodes.failed,
      fuse_reply_errors_total: this.#connection.writeErrors,
    }
  }

  whenForgotten(): Promise<void> {
    return this.#session.invalidations.allTaken()
  }

  async unmount(): Promise<void> {
    this.#unmounting ??= this.#takeDown()
    await this.#unmounting
    await this.closed
  }

  async #takeDown(): Promise<void> {
    try {
      await this.#removeFromTree()
    } catch (error) {
      this.#log('error', `${this.mountPoint} can't be unmounted: ${String(error)}`, { error })
    }
    this.#session.hangUp()
    await this.#connection.close()
  }

  /** Ours is what has our connection's number: something else may have been mounted since. */
  async #removeFromTree(): Promise<void> {
    if (this.#minor === undefined || mountedAt(this.mountPoint)?.minor !== this.#minor) return
    if ((await unmount(this.mountPoint)) !== 'busy') return
    this.#log('info', `${this.mountPoint} is in use: it goes away for those who use it, too`)
    await unmountLazily(this.mountPoint, { abort: true })
  }

  async #onEnded(why: string): Promise<CloseReason> {
    const isOurs = this.#unmounting !== undefined
    if (!isOurs) {
      this.#unmounting = this.#takeDown()
      await this.#unmounting
    }
    this.#forgetExit()
    this.#session.close()
    if (isOurs) return 'unmounted'
    const reason = why === 'ENODEV' ? 'gone' : why === 'ECONNABORTED' ? 'aborted' : 'failed'
    this.#log('warn', `${this.mountPoint} is no longer mounted`, { reason, why })
    return reason
  }
}

function notServed(path: string, reason: CloseReason): PotluckError {
  return new PotluckError('EIO', `${path} was unmounted before it was served (${reason})`)
}
