// Pages of directories, and names by them: from the shard where a page is good enough, else from the mesh.
// Each is held against what the kernel believes before anybody looks at it. What can be answered by
// what is here already is answered without a promise. It must never answer by a page that is older
// than what was told of its directory.
import type { Block, Name, Stamp, Want } from '../../ports/messages.ts'
import { PotluckError } from '../../base/errors.ts'
import type { Asked } from '../../fetch/verify.ts'
import { Page, partOf } from '../../wire/page.ts'
import type { Freshness } from '../freshness.ts'
import type { InodeRecord } from '../inode-record.ts'
import type { FoundPage, KernelNews } from '../kernel-news.ts'
import { pageAsked, type PagePart, pageWant } from './page-here.ts'

/**
 * A page may be overtaken while it is under way, again and again where the source stands still for a
 * while and many write; more often than this is a moving target.
 */
const PAGE_TRIES = 16

type Options = { readonly signal?: AbortSignal | undefined }

/** `floor`: what the page must not be older than, besides what is known of its directory. */
export type PageOptions = Options & { readonly floor?: Stamp }

export type PageBringing = {
  readonly volume: string
  /** Brings a page that `held` did not have. */
  readonly bring: (want: Want, options: Options) => Promise<{ bytes: Uint8Array; stamp: Stamp }>
  /** A page that is here already, to be read. */
  readonly held: (asked: Asked) => Block | undefined
}

export type PageReaderInit = PageBringing & {
  readonly freshness: Freshness
  readonly news: KernelNews
  readonly onError: (directory: InodeRecord, error: unknown) => void
}

type Place = { readonly directory: InodeRecord; readonly name: Name }

export class PageReader {
  readonly #init: PageReaderInit

  constructor(init: PageReaderInit) {
    this.#init = init
  }

  /** The page that holds, or would hold, a name, where nothing has to be waited for. */
  hereFor({ directory, name }: Place): FoundPage | undefined {
    const head = this.#here(directory, { index: 0, splits: 0, name })
    if (head === undefined || head.page.splits === 0) return head
    const { splits } = head.page
    return this.#here(directory, { index: partOf(name, splits), splits, name })
  }

  /** The same, brought where it is not here. */
  async bringFor({ directory, name }: Place, options: PageOptions = {}): Promise<FoundPage> {
    const head = await this.page(directory, { index: 0, splits: 0, name }, options)
    const { splits } = head.page
    if (splits === 0) return head
    return this.page(directory, { index: partOf(name, splits), splits, name }, options)
  }

  /** One page of a directory. @throws PotluckError what reading it failed with */
  page(directory: InodeRecord, part: PagePart, options: PageOptions = {}): Promise<FoundPage> {
    const here = this.#here(directory, part, options.floor)
    return here === undefined ? this.#bring(directory, part, options) : Promise.resolve(here)
  }

  async #bring(directory: InodeRecord, part: PagePart, options: PageOptions): Promise<FoundPage> {
    const { volume, bring, freshness, onError } = this.#init
    const { index, splits } = part
    for (let tries = 1; tries <= PAGE_TRIES; tries++) {
      const here = tries === 1 ? undefined : this.#here(directory, part, options.floor)
      if (here !== undefined) return here
      const floor = this.#floor(directory, index, options.floor)
      const want = pageWant({ volume, directory, part }, floor)
      const block = await bring(want, options).catch((error: unknown) => {
        onError(directory, error)
        throw error
      })
      // A change that was told meanwhile, or a newer page that was seen, must not be undone.
      if (block.stamp < freshness.newest(directory, index)) continue
      // What the kernel believes of the other names has to be compared with this page, too.
      const found = this.#takeIn(directory, part, block)
      return found ?? this.page(directory, { index, splits }, options)
    }
    throw new PotluckError('EIO', `${directory.path()} changes too fast to be read`)
  }

  #here(directory: InodeRecord, part: PagePart, least?: Stamp): FoundPage | undefined {
    const { volume, held } = this.#init
    const floor = this.#floor(directory, part.index, least)
    const block = held(pageAsked({ volume, directory, part }, floor))
    return block === undefined ? undefined : this.#takeIn(directory, part, block)
  }

  /** Tells the kernel of what it believes otherwise; undefined where the page says too little for that. */
  #takeIn(
    directory: InodeRecord,
    { index, name }: PagePart,
    { bytes, stamp }: { readonly bytes: Uint8Array; readonly stamp: Stamp },
  ): FoundPage | undefined {
    const { news } = this.#init
    const found = { page: Page.of(bytes), stamp, part: index }
    if (name !== undefined && news.lacks(directory, found)) return undefined
    news.compare(directory, found)
    return found
  }

  #floor(directory: InodeRecord, index: number, least: Stamp = 0): Stamp {
    const { freshness } = this.#init
    return Math.max(freshness.floor(directory.inode), freshness.newest(directory, index), least)
  }
}
