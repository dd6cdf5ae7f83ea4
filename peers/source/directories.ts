// Directories that were looked up. A child is reached through its parent's descriptor, which costs
// the storage one lookup instead of one for each component of the path, and lets no symbolic link
// half-way lead anywhere else. The descriptors are bare places in the tree (O_PATH): the storage is
// asked to open nothing for them.
import { constants } from 'node:fs'
import type { Path } from '../../src/ports/messages.ts'
import { Descriptors } from './system/descriptors.ts'
import { hasCode } from './system/failures.ts'
import { nameOf, parentOf } from './paths.ts'
import { placeOf, type Root } from './system/root.ts'
import type { Storage } from './system/storage.ts'

/** Linux's, which Node has no name for. */
const O_PATH = 0o10000000
const FLAGS = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** Mount points inside the tree that are remembered; there are hardly ever any. */
const MOUNT_POINTS = 1_024

export type DirectoriesInit = {
  readonly root: Root
  readonly rootDevice: bigint
  readonly storage: Storage
  readonly capacity: number
}

export class Directories {
  readonly #init: DirectoriesInit
  readonly #kept: Descriptors<number>
  /** By directory and device. */
  readonly #mountPoints = new Map<string, Path>()

  constructor(init: DirectoriesInit) {
    const { capacity, storage } = init
    const open = (path: Path): Promise<number> => this.#open(path)
    this.#init = init
    this.#kept = new Descriptors({ capacity, open, close: (it) => storage.close(it) })
  }

  get size(): number {
    return this.#kept.size
  }

  /** Works with a directory's descriptor, as Descriptors.use does. The root is always open. */
  async use<R>(
    path: Path,
    work: (descriptor: number) => Promise<R>,
    options: { readonly isFresh?: boolean } = {},
  ): Promise<R> {
    if (path === '') return work(this.#init.root.descriptor)
    // Its parent first, so that the next child finds that open; and before a place is taken for
    // itself, so that nobody holds one while waiting for another.
    const parent = parentOf(path)
    const isOpen = options.isFresh !== true && this.#kept.has(path)
    if (!isOpen && parent !== '' && !this.#kept.has(parent)) await this.use(parent, doNothing)
    return this.#kept.use(path, work, options)
  }

  /** Works with the place of `path` in its parent, for calls that take a name. */
  usePlace<R>(path: Path, work: (place: Buffer) => Promise<R>): Promise<R> {
    return this.use(parentOf(path), (parent) => work(childPlace(parent, nameOf(path))))
  }

  /**
   * Does what needs a path; where that fails in a way that a directory replaced a moment ago would
   * explain, once more with nothing on the way believed.
   */
  async retryFresh<R>(path: Path, work: () => Promise<R>): Promise<R> {
    const believed = ancestorsOf(path).filter((way) => this.#kept.has(way))
    try {
      return await work()
    } catch (error) {
      const isExplained = hasCode(error, 'ENOENT', 'ENOTDIR', 'ESTALE', 'ELOOP')
      if (believed.length === 0 || !isExplained) throw error
      for (const way of believed) this.#kept.forget(way)
      return work()
    }
  }

  /** Where the file system that holds `path` is mounted, '' for the root's own. */
  async mountPointOf(path: Path, device: bigint): Promise<Path> {
    const { rootDevice, storage } = this.#init
    if (device === rootDevice || path === '') return ''
    const parent = parentOf(path)
    const memory = `${device}/${parent}`
    const known = this.#mountPoints.get(memory)
    if (known !== undefined) return known
    const above = await this.use(parent, (descriptor) => storage.fstat(parent, descriptor))
    if (above.dev !== device) return path
    const mountPoint = await this.mountPointOf(parent, device)
    if (this.#mountPoints.size >= MOUNT_POINTS) this.#mountPoints.clear()
    this.#mountPoints.set(memory, mountPoint)
    return mountPoint
  }

  /** A directory was moved or removed: neither it nor what is below it is found by this path now. */
  forgetTree(path: Path): void {
    for (const kept of this.#kept.paths()) {
      if (kept === path || kept.startsWith(`${path}/`)) this.#kept.forget(kept)
    }
  }

  close(): Promise<void> {
    return this.#kept.close()
  }

  /** Name by name from the nearest directory on the way that is open, most often its parent. */
  #open(path: Path): Promise<number> {
    const from = ancestorsOf(path).find((way) => this.#kept.has(way)) ?? ''
    const names = path.slice(from === '' ? 0 : from.length + 1).split('/')
    return this.use(from, (above) => this.#walk({ path, above, names }))
  }

  async #walk(to: { path: Path; above: number; names: readonly string[] }): Promise<number> {
    const { storage } = this.#init
    let at = to.above
    for (const name of to.names) {
      const next = storage.lookup(to.path, childPlace(at, name), FLAGS)
      // Whether it succeeds or not, this was the last use of the one before.
      const here = at
      if (here !== to.above) await next.catch(doNothing).then(() => storage.close(here))
      at = await next
    }
    return storage.check(to.path, at)
  }
}

async function doNothing(): Promise<void> {}

/** The directories above a path, the nearest first, without the root. */
function ancestorsOf(path: Path): Path[] {
  const ancestors: Path[] = []
  for (let way = parentOf(path); way !== ''; way = parentOf(way)) ancestors.push(way)
  return ancestors
}

/** The system's name for what lies in an open directory; '' is the directory itself. */
export function childPlace(descriptor: number, name: Path): Buffer {
  return Buffer.from(`${placeOf(descriptor)}/${name === '' ? '.' : name}`, 'latin1')
}
