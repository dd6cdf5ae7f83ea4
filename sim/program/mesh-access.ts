// The mesh as a kernel sees it: a mount of one node, spoken to by nodeid as FUSE does. It remembers the
// nodeid of every path that was looked up, and turns what the volume tells its mounts into news of
// paths. Symbolic links are not followed: no workload has any.
import type { Attributes, Name, Path } from '../../src/ports/messages.ts'
import { PotluckError } from '../../src/base/errors.ts'
import {
  type KernelInvalidation,
  type Nodeid,
  ROOT_NODEID,
  type Volume,
} from '../../src/volume/volume.ts'
import { namesIn } from '../reader.ts'
import { type PathId, type PathTable, ROOT_ID } from './path-table.ts'
import type { Access, AccessOptions, News } from './workload.ts'

/** The most that one read request of FUSE asks for. */
const REQUEST_BYTES = 1024 * 1024
const HANDLES_MAX = 8

export type MeshAccessInit = {
  readonly volume: Volume
  readonly paths: PathTable
  /** Elapsed virtual milliseconds. */
  readonly elapsedMs: () => number
}

type Range = { readonly from: number; readonly length: number }

export class MeshAccess implements Access {
  readonly #init: MeshAccessInit
  /** By path; 0 where none is held. */
  readonly #nodeids: Nodeid[] = [ROOT_NODEID]
  /** By nodeid, made when news first asks for it. */
  #places: Map<Nodeid, PathId> | undefined
  readonly #believedUntil: number[] = []
  /** A program that reads on has not closed its file: the last few stay open. */
  readonly #handles = new Map<PathId, number>()

  constructor(init: MeshAccessInit) {
    this.#init = init
  }

  stat(path: Path, options: AccessOptions = {}): Promise<Attributes | undefined> {
    const { paths } = this.#init
    const id = paths.id(path)
    if (id === ROOT_ID) return this.#statRoot(options)
    const parent = this.#nodeids[paths.parent(id)] ?? 0
    return parent === 0 ? this.#statBelow(id, options) : this.#lookup(id, parent, options)
  }

  async #statRoot(options: AccessOptions): Promise<Attributes> {
    const root = await this.#init.volume.getattr(ROOT_NODEID, options)
    this.#believe(ROOT_ID, root.validMs)
    return root.attributes
  }

  /** Looks the directory above up before. */
  async #statBelow(id: PathId, options: AccessOptions): Promise<Attributes | undefined> {
    const parent = await this.#nodeid(this.#init.paths.parent(id), options)
    return parent === 0 ? undefined : this.#lookup(id, parent, options)
  }

  #lookup(id: PathId, parent: Nodeid, options: AccessOptions): Promise<Attributes | undefined> {
    const { volume, paths } = this.#init
    return volume.lookup(parent, paths.name(id), options).then((entry) => {
      this.#believe(id, entry.validMs)
      this.#refer(id, entry.nodeid)
      return 'attributes' in entry ? entry.attributes : undefined
    })
  }

  believedUntilMs(path: Path): number {
    return this.#believedUntil[this.#init.paths.id(path)] ?? 0
  }

  async list(path: Path, options: AccessOptions = {}): Promise<readonly Name[]> {
    const { volume } = this.#init
    const handle = await volume.opendir(await this.#present(path, options), options)
    try {
      return namesIn(volume, handle)
    } finally {
      volume.releasedir(handle)
    }
  }

  read(path: Path, range: Range, options: AccessOptions = {}): Promise<readonly Uint8Array[]> {
    const id = this.#init.paths.id(path)
    const handle = this.#handles.get(id)
    if (handle === undefined) return this.#openAndRead(id, range, options)
    return readInRequests(this.#init.volume, handle, { ...range, ...options })
  }

  async #openAndRead(
    id: PathId,
    range: Range,
    options: AccessOptions,
  ): Promise<readonly Uint8Array[]> {
    const handle = await this.#open(id, options)
    return readInRequests(this.#init.volume, handle, { ...range, ...options })
  }

  subscribe(listener: (news: News) => void): () => void {
    return this.#init.volume.subscribe((change) => {
      const news = this.#newsOf(change)
      if (news !== undefined) listener(news)
    })
  }

  async #open(id: PathId, options: AccessOptions): Promise<number> {
    const { volume, paths } = this.#init
    const nodeid = this.#nodeids[id] || (await this.#present(paths.path(id), options))
    const { handle } = await volume.open(nodeid, options)
    // Another process of this node may have opened it meanwhile.
    const before = this.#handles.get(id)
    if (before !== undefined) volume.release(before)
    this.#handles.delete(id)
    this.#handles.set(id, handle)
    if (this.#handles.size > HANDLES_MAX) this.#releaseOldest()
    return handle
  }

  close(): void {
    while (this.#handles.size > 0) this.#releaseOldest()
  }

  #releaseOldest(): void {
    for (const [id, handle] of this.#handles) {
      this.#handles.delete(id)
      this.#init.volume.release(handle)
      return
    }
  }

  #newsOf(change: KernelInvalidation): News | undefined {
    const { paths } = this.#init
    if (change.type === 'everything') return change
    const isName = change.type === 'entry'
    const id = this.#placeOf(isName ? change.parent : change.nodeid)
    if (id === undefined) return undefined
    const path = paths.path(id)
    if (!isName) return { type: 'inode', path, data: change.data }
    return { type: 'name', path: path === '' ? change.name : `${path}/${change.name}` }
  }

  #placeOf(nodeid: Nodeid): PathId | undefined {
    this.#places ??= new Map(this.#nodeids.map((each, id) => [each, id]))
    return this.#places.get(nodeid)
  }

  /** The nodeid of a path that is there. @throws PotluckError ENOENT */
  async #present(path: Path, options: AccessOptions): Promise<Nodeid> {
    const nodeid = await this.#nodeid(this.#init.paths.id(path), options)
    if (nodeid === 0) throw new PotluckError('ENOENT', `no such file: ${path}`)
    return nodeid
  }

  /** 0 where the name is absent. */
  async #nodeid(id: PathId, options: AccessOptions): Promise<Nodeid> {
    const known = this.#nodeids[id] ?? 0
    if (known !== 0) return known
    await this.stat(this.#init.paths.path(id), options)
    return this.#nodeids[id] ?? 0
  }

  /** Takes over the reference that a lookup gave, in place of the one held before. */
  #refer(id: PathId, nodeid: Nodeid): void {
    while (this.#nodeids.length < id) this.#nodeids.push(0)
    const before = this.#nodeids[id] ?? 0
    this.#nodeids[id] = nodeid
    if (before !== 0) this.#init.volume.forget(before, 1)
    if (before !== nodeid) this.#places?.delete(before)
    if (nodeid !== 0) this.#places?.set(nodeid, id)
  }

  #believe(id: PathId, validMs: number): void {
    while (this.#believedUntil.length < id) this.#believedUntil.push(0)
    this.#believedUntil[id] = this.#init.elapsedMs() + validMs
  }
}

/** One request after another, each up to the next boundary, as the kernel reads a file in order. */
function readInRequests(
  volume: Volume,
  handle: number,
  range: Range & AccessOptions,
): Promise<readonly Uint8Array[]> {
  const isOne = (range.from % REQUEST_BYTES) + range.length <= REQUEST_BYTES
  return isOne ? volume.read(handle, range, range) : readInMany(volume, handle, range)
}

async function readInMany(
  volume: Volume,
  handle: number,
  { from, length, ...options }: Range & AccessOptions,
): Promise<Uint8Array[]> {
  const slices: Uint8Array[] = []
  const end = from + length
  for (let at = from; at < end;) {
    const asked = Math.min(end - at, REQUEST_BYTES - (at % REQUEST_BYTES))
    const read = await volume.read(handle, { from: at, length: asked }, options)
    const got = read.reduce((sum, slice) => sum + slice.length, 0)
    slices.push(...read)
    at += got
    if (got < asked) break
  }
  return slices
}
