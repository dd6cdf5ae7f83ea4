// A program on a simulated node that changes files by path, as a kernel would ask the volume for it, and
// leaves no reference behind.
import type { NewName, OpenMode } from '../../../src/ports/changes.ts'
import type { Attributes, Inode, Name, Path } from '../../../src/ports/messages.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import {
  type ChangeOptions,
  isWritable,
  type Nodeid,
  ROOT_NODEID,
  type WritableVolume,
} from '../../../src/volume/volume.ts'
import { namesIn } from '../../reader.ts'
import type { WorldNode } from '../../world-node.ts'

/** More than any file here has: one call reads it whole, as one state. */
const LENGTH = 1024 * 1024

const BOTH: OpenMode = { access: 'both', append: false, truncate: false, direct: false }

type Found = { readonly nodeid: Nodeid; readonly attributes: Attributes }
type Held = { readonly inode: Inode; readonly nodeid: Nodeid; readonly handle: number }

/** For one step of a program: `end` gives back what it has taken. */
export class Writer {
  readonly #node: WorldNode
  readonly #volume: WritableVolume
  readonly #options: ChangeOptions
  readonly #references: Nodeid[] = []
  readonly #handles: number[] = []

  /** @throws PotluckError EROFS */
  constructor(node: WorldNode) {
    const { volume } = node
    if (!isWritable(volume)) throw new PotluckError('EROFS', 'the volume takes no changes')
    this.#node = node
    this.#volume = volume
    this.#options = { caller: { uid: 0, gid: 0, groups: [], umask: 0o022 }, asker: node }
  }

  /** @throws PotluckError ENOENT */
  async find(path: Path): Promise<Found> {
    let found: Found | undefined
    for (const name of path.split('/')) {
      const parent: Nodeid = found?.nodeid ?? ROOT_NODEID
      const entry = await this.#within(this.#volume.lookup(parent, name))
      if (!('attributes' in entry)) throw new PotluckError('ENOENT', `no such file: ${path}`)
      this.#references.push(entry.nodeid)
      found = entry
    }
    return found as Found
  }

  async open(path: Path, how: Partial<OpenMode> = {}): Promise<Held> {
    const { nodeid, attributes } = await this.find(path)
    // As a mount does it: who only reads is not announced to the source.
    const opening =
      how.access === 'read'
        ? this.#volume.open(nodeid)
        : this.#volume.openWith(nodeid, { ...BOTH, ...how }, this.#options)
    const { handle } = await this.#within(opening)
    this.#handles.push(handle)
    return { inode: attributes.inode, nodeid, handle }
  }

  async create(path: Path, isExclusive: boolean): Promise<Held> {
    const how = { ...BOTH, mode: 0o644, isExclusive }
    const making = this.#volume.create(await this.#at(path), how, this.#options)
    const { entry, file } = await this.#within(making)
    this.#references.push(entry.nodeid)
    this.#handles.push(file.handle)
    return { inode: entry.attributes.inode, nodeid: entry.nodeid, handle: file.handle }
  }

  async write({ handle }: Held, from: number | 'end', bytes: Uint8Array): Promise<void> {
    await this.#within(this.#volume.write(handle, { from, bytes }, this.#options))
  }

  /** The whole file, by one call. */
  async read({ handle }: Held): Promise<Buffer> {
    const reading = this.#volume.read(handle, { from: 0, length: LENGTH })
    return Buffer.concat(await this.#within(reading))
  }

  async truncate(path: Path, size: number): Promise<Inode> {
    const { nodeid, attributes } = await this.find(path)
    await this.#within(this.#volume.setattr(nodeid, { size }, this.#options))
    return attributes.inode
  }

  async unlink(path: Path): Promise<void> {
    await this.#within(this.#volume.unlink(await this.#at(path), this.#options))
  }

  async rename(from: Path, to: Path): Promise<void> {
    const [old, at] = [await this.#at(from), await this.#at(to)]
    await this.#within(this.#volume.rename(old, at, { ...this.#options, mode: 'replace' }))
  }

  /** `signal`: gives up waiting. */
  async lock({ nodeid }: Held, owner: bigint, signal: AbortSignal): Promise<void> {
    const range = { kind: 'write', from: 0, to: Infinity, owner, pid: 1, isFlock: false } as const
    await this.#within(this.#volume.lock(nodeid, range, { wait: true, signal }))
  }

  /** As closing the file does. */
  async unlock({ handle }: Held, owner: bigint): Promise<void> {
    await this.#within(this.#volume.flush(handle, { owner }))
  }

  /** All names of a directory, with what `stat` says of each; undefined where it says there is none. */
  async list(path: Path): Promise<Map<Name, Attributes | undefined>> {
    const { nodeid } = await this.find(path)
    const handle = await this.#within(this.#volume.opendir(nodeid))
    const names = namesIn(this.#volume, handle)
    this.#volume.releasedir(handle)
    const entries = new Map<Name, Attributes | undefined>()
    for (const name of names) {
      const found = await this.find(`${path}/${name}`).catch(() => undefined)
      entries.set(name, found?.attributes)
    }
    return entries
  }

  /** What a dead node had is gone with it. */
  end(): void {
    if (!this.#node.isLiving) return
    for (const handle of this.#handles) this.#volume.release(handle)
    for (const nodeid of this.#references.reverse()) this.#volume.forget(nodeid, 1)
  }

  async #at(path: Path): Promise<NewName> {
    const slash = path.lastIndexOf('/')
    const { nodeid } = await this.find(path.slice(0, slash))
    return { parent: nodeid, name: path.slice(slash + 1) }
  }

  #within<T>(work: Promise<T>): Promise<T> {
    return this.#node.life.within(work)
  }
}

/** @throws PotluckError what the work fails with */
export async function withWriter<T>(
  node: WorldNode,
  work: (writer: Writer) => Promise<T>,
): Promise<T> {
  const writer = new Writer(node)
  try {
    return await work(writer)
  } finally {
    writer.end()
  }
}
