// Takes in what was told: by this node itself, by a rumor, or with a page.
import type { Counters } from '../../base/counters.ts'
import { begunAt, type Dated, type When } from '../../block/order.ts'
import { floorOf } from '../../block/stamp.ts'
import { versionOf } from '../../block/version.ts'
import type { Attributes, Inode, Invalidation, Name, News, PeerId } from '../../ports/messages.ts'
import type { Floors } from '../../rumor/floors.ts'
import type { Freshness } from '../freshness.ts'
import type { InodeRecord } from '../inode-record.ts'
import type { InodeTable } from '../inode-table.ts'
import type { KernelNews } from '../kernel-news.ts'
import type { Doubts } from './doubts.ts'
import { outdoneBy } from './told-names.ts'
import type { Told } from './told.ts'

/** How news came here. `own`: a change of this node, and of the asker's kernel, which knows. */
export type Via =
  | { readonly by: 'own'; readonly asker?: object | undefined }
  | { readonly by: 'rumor' | 'page'; readonly asker?: undefined }

/** Own changes that come back as rumors, told by the peer that made them for us. */
const OWN_MAX = 8_192

export type TakeNewsInit = {
  readonly volume: string
  readonly floors: Floors
  readonly counters: Counters
  readonly freshness: Freshness
  readonly inodes: InodeTable
  readonly told: Told
  readonly doubts: Doubts
  readonly kernel: KernelNews
  /** A peer has taken a name away from an inode, maybe its last one. */
  readonly onRemoved: (record: InodeRecord, by: PeerId) => void
}

type NameNews = News & { readonly type: 'name' }
type AttributeNews = News & { readonly type: 'attributes' }
/** Who has bytes that the source has not is none of the tree's business. */
export type TreeNews = NameNews | AttributeNews

export class TakeNews {
  readonly #init: TakeNewsInit
  readonly #own = new Set<string>()

  constructor(init: TakeNewsInit) {
    this.#init = init
  }

  take(told: Invalidation & { readonly news: TreeNews }, via: Via): void {
    const { inode, news } = told
    const stamp = floorOf(told.stamp)
    const when = { stamp, begun: begunAt(stamp, told.tookMs ?? 0) }
    if (news.type === 'name') return this.#takeName(inode, { news, ...when }, via)
    // Two publishers' clocks may give one stamp, but never to one state.
    const own = `${inode} ${stamp} ${versionOf(news.attributes)}`
    if (via.by === 'own') this.#remember(own)
    else if (this.#own.has(own)) return
    this.#takeAttributes(inode, { news, ...when }, via)
  }

  #takeName(inode: Inode, { news, ...when }: When & { readonly news: NameNews }, via: Via): void {
    const { inodes, told } = this.#init
    const { name, by, entry, changed } = news
    const verdict = told.names.learn(inode, name, { entry, ...when, by, changed })
    if (verdict === 'known') return
    if (verdict === 'doubtful') this.#doubt(inode, name)
    if (entry !== undefined) this.#learnNamed({ attributes: entry.attributes, ...when }, via)
    const directory = inodes.byInode(inode)
    if (directory === undefined) return
    if (verdict === 'doubtful') this.#init.kernel.tellName(directory, name)
    if (told.names.find(inode, name)?.stamp !== when.stamp) return
    const leadsTo = entry && inodes.byInode(entry.attributes.inode)
    const known = directory.children.get(name)
    const isNews = known === undefined ? directory.absent.has(name) : known !== leadsTo
    const isGone = known !== undefined && known !== leadsTo
    if (isGone && via.by === 'rumor') this.#init.onRemoved(known, by)
    if (isNews) this.#init.kernel.tellName(directory, name, via.asker)
    if (entry !== undefined) directory.dropAbsent(name)
    if (leadsTo === undefined) inodes.unlink(directory, name)
    else inodes.moved(directory, name, leadsTo)
  }

  #takeAttributes(
    inode: Inode,
    { news, ...when }: When & { readonly news: AttributeNews },
    via: Via,
  ): void {
    const { volume, floors } = this.#init
    const { attributes, isContent } = news
    const isOwn = via.by === 'own' && via.asker !== undefined
    const isBytes = isContent && !isOwn
    const record = this.#init.inodes.byInode(inode)
    const before = record?.attributes
    const isNews = this.#learn({ attributes, ...when }, inode)
    if (via.by === 'page' && !isNews) return
    if (isContent) floors.raise({ volume, inode, stamp: when.stamp })
    if (record === undefined) return
    if (isBytes) record.keptVersion = 0
    else keepVersion(record, before)
    this.#init.kernel.tellInode(record, isContent, via.asker)
  }

  /**
   * A new name changes the ctime, and with it the version. The kernel that asked for it keeps its
   * pages: a file that is written under one name and moved to another, as compilers do, stays hot.
   */
  #learnNamed(now: Dated, via: Via): void {
    const { attributes } = now
    const record = this.#init.inodes.byInode(attributes.inode)
    const before = record?.attributes
    const isNews = this.#learn(now)
    if (!isNews || via.by !== 'own' || record === undefined || before === undefined) return
    if (isSameBytes(before, attributes)) keepVersion(record, before)
  }

  /** True where these are the newest attributes known of it. */
  #learn(now: Dated, inode = now.attributes.inode): boolean {
    const { inodes, told, freshness } = this.#init
    if (!told.inodes.learn(inode, now)) return false
    const { attributes, stamp } = now
    const record = inodes.byInode(inode)
    // A rumor may be slower than a reading that was made because of a later change.
    if (record?.attributes !== undefined) {
      const known = { attributes: record.attributes, stamp: record.stamp }
      if (told.inodes.correct(inode, known) === known) return true
    }
    freshness.saw(attributes, stamp)
    if (record === undefined) return true
    record.attributes = attributes
    record.stamp = Math.max(record.stamp, stamp)
    return true
  }

  /** Above both changes of which nobody knows the order. */
  #doubt(directory: Inode, name: Name): void {
    const { counters, told, doubts } = this.#init
    const latest = told.names.find(directory, name)?.stamp ?? 0
    told.names.settle(directory, name, doubts.add(directory, outdoneBy(latest)))
    counters.add('tree_doubts_total')
  }

  #remember(own: string): void {
    this.#own.add(own)
    const [oldest] = this.#own
    if (this.#own.size > OWN_MAX && oldest !== undefined) this.#own.delete(oldest)
  }
}

function isSameBytes(a: Attributes, b: Attributes): boolean {
  return a.size === b.size && a.mtimeSeconds === b.mtimeSeconds && a.mtimeNanos === b.mtimeNanos
}

/** The kernel's pages are of the new version, too, where they were of the one before. */
function keepVersion(record: InodeRecord, before: Attributes | undefined): void {
  const { keptVersion, attributes } = record
  if (keptVersion === 0 || before === undefined || attributes === undefined) return
  if (keptVersion === versionOf(before)) record.keptVersion = versionOf(attributes)
}
