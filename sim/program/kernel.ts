// What the kernel of one node caches in front of whatever serves the tree: names present and absent
// with their attributes, listings, pages of files, and one request for all processes that ask for the
// same at once. Paths are walked name by name as the kernel walks them.
//
// It is the same in front of the mesh and of every baseline, so that a comparison compares only what
// lies behind. Its own time is not modelled: what is cached is answered at once.
import { PotluckError } from '../../src/base/errors.ts'
import { isSameContent } from '../../src/block/version.ts'
import type { Attributes, Name, Path } from '../../src/ports/messages.ts'
import { Flights } from './flights.ts'
import { type ByteRange, cut, PageCache } from './page-cache.ts'
import { type PathId, type PathTable, ROOT_ID } from './path-table.ts'
import type { Access, News } from './workload.ts'

const PAGE_BYTES = 4096

/** A name that is known not to be there. */
const ABSENT = null
type Known = Attributes | typeof ABSENT | undefined

/** Nothing more is missing. */
const ENDED: ByteRange = { from: Infinity, to: Infinity }

export type KernelInit = {
  readonly access: Access
  readonly paths: PathTable
  /** Elapsed virtual milliseconds. */
  readonly elapsedMs: () => number
  /** Whether cached bytes and names stay, for an observer to look at. @default false */
  readonly keepsBytes?: boolean
}

export type KernelRead = {
  /** What the kernel knew of the file when it was opened. */
  readonly attributes: Attributes
  /** In order; empty where they were cached and are not kept. */
  readonly slices: readonly Uint8Array[]
}

export class Kernel {
  readonly #init: KernelInit
  readonly #known: Known[] = []
  #believedUntil = new Float64Array(0)
  readonly #listings = new Map<PathId, readonly Name[]>()
  readonly #pages: PageCache
  /** The state of each file whose pages are held. */
  readonly #opened: (Attributes | undefined)[] = []
  readonly #stats = new Flights<PathId, Attributes | undefined>()
  readonly #lists = new Flights<PathId, readonly Name[]>()
  readonly #reads = new Flights<string, readonly Uint8Array[]>()
  readonly #unsubscribe: (() => void) | undefined

  constructor(init: KernelInit) {
    this.#init = init
    this.#pages = new PageCache({ keepsBytes: init.keepsBytes === true })
    this.#unsubscribe = init.access.subscribe?.((news) => this.forget(news))
  }

  /** Its programs have ended; nothing may be asked of it any more. */
  close(): void {
    this.#unsubscribe?.()
    this.#init.access.close?.()
  }

  /** Whether a `stat` of the path would be answered at once. */
  knows(path: Path): boolean {
    return this.#cached(this.#init.paths.id(path)) !== undefined
  }

  /** Whether a directory's names would be answered at once. */
  hasListed(path: Path): boolean {
    return this.knows(path) && this.#listings.has(this.#init.paths.id(path))
  }

  /** Whether a read of the range would be answered at once, and without an error. */
  holds(path: Path, from: number, length: number): boolean {
    const id = this.#init.paths.id(path)
    const known = this.#cached(id)
    if (known === undefined || known === ABSENT || known.type !== 'file') return false
    const range = pagesOf(known, from, length)
    if (range.from >= range.to) return true
    const opened = this.#opened[id]
    if (opened === undefined || !isSameContent(opened, known)) return false
    return this.#pages.missing(id, range) === undefined
  }

  /** @returns undefined where the name, or one above it, is absent */
  stat(path: Path): Promise<Attributes | undefined> {
    return this.#look(this.#init.paths.id(path))
  }

  /**
   * @returns the names; none where they were cached and are not kept
   * @throws PotluckError ENOENT, and what the access fails with
   */
  async list(path: Path): Promise<readonly Name[]> {
    const { access, paths, keepsBytes } = this.#init
    const id = paths.id(path)
    await this.#lookPresent(id)
    const keep = (names: readonly Name[]) => {
      this.#listings.set(id, keepsBytes === true ? names : [])
    }
    return this.#listings.get(id) ?? this.#lists.join(id, () => access.list(path), keep)
  }

  /** @throws PotluckError ENOENT, EISDIR, and what the access fails with */
  async read(path: Path, from: number, length: number): Promise<KernelRead> {
    const id = this.#init.paths.id(path)
    const attributes = this.#cached(id) ?? (await this.#lookPresent(id))
    if (attributes.type === 'directory') throw new PotluckError('EISDIR', path)
    this.#open(id, attributes)
    const range = pagesOf(attributes, from, length)
    const slices: Uint8Array[] = []
    // What is missing, one part after another; what was here stays part of the answer.
    for (let at = range.from; at < range.to;) {
      const part = this.#pages.missing(id, { from: at, to: range.to }) ?? ENDED
      slices.push(...this.#pages.bytes(id, { from: at, to: Math.min(part.from, range.to) }))
      if (part.from < range.to) slices.push(...(await this.#request(id, part)))
      at = part.to
    }
    return { attributes, slices: cut(slices, from - range.from, length) }
  }

  forget(news: News): void {
    if (news.type === 'everything') return this.#forgetAll()
    const id = this.#init.paths.known(news.path)
    if (id === undefined) return undefined
    if (news.type === 'name' && this.#known[id]?.type !== 'file') {
      for (const each of this.#init.paths.below(id)) this.#forgetName(each)
    }
    if (news.type === 'name') this.#forgetListing(this.#init.paths.parent(id))
    this.#forgetName(id)
    if (news.type === 'inode' && news.data) this.#forgetPages(id)
    return undefined
  }

  #cached(id: PathId): Known {
    const known = this.#known[id]
    if (known === undefined) return undefined
    return this.#init.elapsedMs() <= (this.#believedUntil[id] ?? 0) ? known : undefined
  }

  /** Each waiting costs an object or two, so that only who has to wait does. */
  #look(id: PathId): Promise<Attributes | undefined> {
    const cached = this.#cached(id)
    if (cached !== undefined) return Promise.resolve(cached ?? undefined)
    if (id === ROOT_ID) return this.#ask(id)
    const parent = this.#init.paths.parent(id)
    const above = this.#cached(parent)
    const askBelow = (known: Attributes | typeof ABSENT | undefined) =>
      known?.type === 'directory' ? this.#ask(id) : Promise.resolve(undefined)
    return above === undefined ? this.#look(parent).then(askBelow) : askBelow(above)
  }

  #ask(id: PathId): Promise<Attributes | undefined> {
    const { access, paths } = this.#init
    const path = paths.path(id)
    return this.#stats.join(
      id,
      () => access.stat(path),
      (known) => this.#learn(id, known ?? ABSENT, access.believedUntilMs?.(path) ?? Infinity),
    )
  }

  async #lookPresent(id: PathId): Promise<Attributes> {
    const known = await this.#look(id)
    if (known !== undefined) return known
    throw new PotluckError('ENOENT', `no such file: ${this.#init.paths.path(id)}`)
  }

  #learn(id: PathId, known: Known, untilMs: number): void {
    if (id >= this.#believedUntil.length) {
      const grown = new Float64Array(Math.max(64, Math.ceil((id + 1) * 1.25)))
      grown.set(this.#believedUntil)
      this.#believedUntil = grown
    }
    while (this.#known.length < id) this.#known.push(undefined)
    this.#known[id] = known
    this.#believedUntil[id] = untilMs
  }

  /** Pages of another state of the file are not kept past its opening. */
  #open(id: PathId, attributes: Attributes): void {
    const opened = this.#opened[id]
    if (opened === attributes) return
    if (opened !== undefined && !isSameContent(opened, attributes)) this.#forgetPages(id)
    while (this.#opened.length < id) this.#opened.push(undefined)
    this.#opened[id] = attributes
  }

  #request(id: PathId, part: ByteRange): Promise<readonly Uint8Array[]> {
    const { access, paths } = this.#init
    const range = { from: part.from, length: part.to - part.from }
    return this.#reads.join(
      `${id} ${part.from} ${part.to}`,
      () => access.read(paths.path(id), range),
      (slices) => this.#pages.add(id, part, slices),
    )
  }

  #forgetName(id: PathId): void {
    if (id < this.#known.length) this.#known[id] = undefined
    this.#stats.overtake((each) => each === id)
    this.#forgetListing(id)
  }

  #forgetListing(id: PathId): void {
    this.#listings.delete(id)
    this.#lists.overtake((each) => each === id)
  }

  #forgetPages(id: PathId): void {
    this.#pages.drop(id)
    if (id < this.#opened.length) this.#opened[id] = undefined
    this.#reads.overtake((name) => name.startsWith(`${id} `))
  }

  #forgetAll(): void {
    this.#known.length = 0
    this.#opened.length = 0
    this.#listings.clear()
    this.#pages.dropAll()
    for (const flights of [this.#stats, this.#lists, this.#reads]) flights.overtake(() => true)
  }
}

/** The whole pages around a range, as far as the file goes. */
function pagesOf({ size }: Attributes, from: number, length: number): ByteRange {
  const start = Math.min(from, size)
  const to = Math.min(size, Math.ceil((from + length) / PAGE_BYTES) * PAGE_BYTES)
  return { from: Math.min(start - (start % PAGE_BYTES), to), to }
}
