// Mounts through fuse-native, behind the same interface as the kernel driver.
import { PotluckError } from '../../src/base/errors.ts'
import { isWritable } from '../../src/volume/volume.ts'
import type { CloseReason, Mount, MountInit } from '../driver.ts'
import { prepareMountPoint } from '../system/mount-point.ts'
import { isRoot } from '../system/unmount.ts'
import { loadNative, type NativeFuse } from './library.ts'
import { nativeOperations } from './operations.ts'

/** The kernel can't be told of a change, so it may believe nothing for longer. */
const TIMEOUT_SECONDS = 1

/**
 * @throws PotluckError ENOSYS without the package, and as `mountVolume` does
 */
export async function mountNative(init: MountInit): Promise<Mount> {
  const Fuse = loadNative()
  const path = await prepareMountPoint(init.mountPoint, init)
  const counts = new Map<string, number>()
  const fuse = new Fuse(path, counted(nativeOperations(init.volume), counts), {
    fsname: `potluck:${init.volume.name.replaceAll(',', '_')}`,
    // The package has no option of its own for read-only; options are joined by commas.
    subtype: isWritable(init.volume) ? 'potluck' : 'potluck,ro',
    allowOther: init.allowOther ?? isRoot(),
    defaultPermissions: true,
    entryTimeout: TIMEOUT_SECONDS,
    attrTimeout: TIMEOUT_SECONDS,
    timeout: false,
  })
  await promised(path, (done) => fuse.mount(done))
  init.log('info', `${path} is mounted by fuse-native: changes are seen after ${TIMEOUT_SECONDS} s`)
  return new NativeMount(path, fuse, counts)
}

class NativeMount implements Mount {
  readonly mountPoint: string
  readonly closed: Promise<CloseReason>
  readonly #fuse: NativeFuse
  readonly #counts: ReadonlyMap<string, number>
  readonly #onClosed: (reason: CloseReason) => void
  #unmounting: Promise<void> | undefined

  constructor(path: string, fuse: NativeFuse, counts: ReadonlyMap<string, number>) {
    const { promise, resolve } = Promise.withResolvers<CloseReason>()
    this.mountPoint = path
    this.closed = promise
    this.#onClosed = resolve
    this.#fuse = fuse
    this.#counts = counts
  }

  /** Its kernel is told nothing, and believes nothing for long. */
  whenForgotten(): Promise<void> {
    return Promise.resolve()
  }

  counters(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  async unmount(): Promise<void> {
    this.#unmounting ??= promised(this.mountPoint, (done) => this.#fuse.unmount(done))
    await this.#unmounting
    this.#onClosed('unmounted')
  }
}

function promised(
  path: string,
  call: (done: (error: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === null || error === undefined) resolve()
      else
        reject(new PotluckError('EIO', `fuse-native, ${path}: ${error.message}`, { cause: error }))
    })
  })
}

/** The same operations, counted by name. */
function counted(operations: object, counts: Map<string, number>): object {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => {
      const call = operation as (...values: unknown[]) => void
      const key = `fuse_${name}_total`
      const count = (...values: unknown[]) => {
        counts.set(key, (counts.get(key) ?? 0) + 1)
        call(...values)
      }
      return [name, count]
    }),
  )
}
