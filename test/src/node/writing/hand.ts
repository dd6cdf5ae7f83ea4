// A program that writes on a simulated node, through the volume as a kernel would.
import assert from 'node:assert/strict'
import type { Path } from '../../../../src/ports/messages.ts'
import {
  isWritable,
  type Entry,
  type Nodeid,
  ROOT_NODEID,
  type WritableVolume,
} from '../../../../src/volume/volume.ts'
import { PotluckError } from '../../../../src/base/errors.ts'
import type { OpenMode } from '../../../../src/ports/changes.ts'
import type { WorldNode } from '../../../../sim/world-node.ts'

export const BOTH: OpenMode = { access: 'both', append: false, truncate: false, direct: false }

export class Hand {
  readonly node: WorldNode
  readonly #options: {
    caller: { uid: number; gid: number; groups: number[]; umask: number }
    asker: object
  }

  constructor(node: WorldNode) {
    this.node = node
    this.#options = { caller: { uid: 0, gid: 0, groups: [], umask: 0o022 }, asker: node }
  }

  get volume(): WritableVolume {
    const { volume } = this.node
    assert(isWritable(volume))
    return volume
  }

  /** The nodeid of what is there. @throws PotluckError ENOENT */
  async find(path: Path): Promise<Nodeid> {
    let nodeid: Nodeid = ROOT_NODEID
    for (const name of path === '' ? [] : path.split('/')) {
      const entry: { readonly nodeid: Nodeid } = await this.volume.lookup(nodeid, name)
      if (entry.nodeid === 0) throw new PotluckError('ENOENT', path)
      nodeid = entry.nodeid
    }
    return nodeid
  }

  async at(path: Path): Promise<{ parent: Nodeid; name: string }> {
    const slash = path.lastIndexOf('/')
    const parent = await this.find(path.slice(0, Math.max(0, slash)))
    return { parent, name: path.slice(slash + 1) }
  }

  async mkdir(path: Path): Promise<Entry> {
    return this.volume.mkdir(await this.at(path), 0o777, this.#options)
  }

  async unlink(path: Path): Promise<void> {
    await this.volume.unlink(await this.at(path), this.#options)
  }

  async rmdir(path: Path): Promise<void> {
    await this.volume.rmdir(await this.at(path), this.#options)
  }

  async link(from: Path, to: Path): Promise<void> {
    await this.volume.link(await this.find(from), await this.at(to), this.#options)
  }

  async rename(
    from: Path,
    to: Path,
    mode: 'replace' | 'no-replace' | 'exchange' = 'replace',
  ): Promise<void> {
    await this.volume.rename(await this.at(from), await this.at(to), { ...this.#options, mode })
  }

  async chmod(path: Path, mode: number): Promise<void> {
    await this.volume.setattr(await this.find(path), { mode }, this.#options)
  }

  async create(path: Path, isExclusive = true): Promise<number> {
    const how = { ...BOTH, mode: 0o666, isExclusive }
    const { file } = await this.volume.create(await this.at(path), how, this.#options)
    return file.handle
  }

  async open(path: Path, how: Partial<OpenMode> = {}): Promise<number> {
    const file = await this.volume.openWith(
      await this.find(path),
      { ...BOTH, ...how },
      this.#options,
    )
    return file.handle
  }

  /** As a program that only reads. */
  async openToRead(path: Path): Promise<number> {
    return (await this.volume.open(await this.find(path))).handle
  }

  async write(handle: number, from: number | 'end', text: string): Promise<number> {
    const bytes = Buffer.from(text)
    return (await this.volume.write(handle, { from, bytes }, this.#options)).from
  }

  async read(handle: number): Promise<string> {
    const slices = await this.volume.read(handle, { from: 0, length: 1_000_000 })
    return Buffer.concat(slices).toString()
  }

  close(handle: number): void {
    this.volume.release(handle)
  }

  /** Makes a file with these bytes, or puts them into one that is there. */
  async file(path: Path, text: string): Promise<void> {
    const handle = await this.create(path, false)
    await this.write(handle, 0, text)
    this.close(handle)
  }

  async text(path: Path): Promise<string> {
    const { slices } = await this.node.readFile(path)
    return Buffer.concat(slices).toString()
  }

  async names(path: Path): Promise<string[]> {
    return [...(await this.node.listDirectory(path))].toSorted()
  }
}
