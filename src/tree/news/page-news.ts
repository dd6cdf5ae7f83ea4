// What a peer is told with a page, so that it has no gaps that its sender has not.
import { begunOf, type When } from '../../block/order.ts'
import type { Inode, Invalidation, Name, News } from '../../ports/messages.ts'
import { MAX_PAGE_NEWS } from '../../wire/limits.ts'
import { partOf } from '../../wire/page.ts'
import { type NameFact, outdoneBy } from './told-names.ts'
import { msOf, toldBy } from '../../block/stamp.ts'
import type { StampedPage, Told } from './told.ts'

export type PagePlace = { readonly volume: string; readonly inode: Inode; readonly index: number }

/** Undefined where it is so much that the page should rather be read again. */
export function newsOfPage(
  told: Told,
  { volume, inode, index }: PagePlace,
  found: StampedPage,
): readonly Invalidation[] | undefined {
  const { page, stamp } = found
  if (page.splits > 0 && index === 0) return []
  const all: Invalidation[] = []
  const add = (about: Inode, when: When, news: News): void => {
    all.push({ volume, inode: about, ...toldWhen(when), news })
  }
  const addName = (name: Name, fact: NameFact): void => {
    const { entry, by, changed } = fact
    add(inode, fact, { type: 'name', name, by, changed, ...(entry && { entry }) })
  }
  const addAttributes = (child: Inode): void => {
    const now = told.inodes.find(child)
    if (now === undefined || outdoneBy(now.stamp) <= stamp) return
    // Whether its bytes changed is not remembered: whoever hears of it only now drops them.
    const news: News = { type: 'attributes', attributes: now.attributes, isContent: true }
    add(child, now, news)
  }
  // A page says something of the directory itself, too.
  addAttributes(inode)
  for (const [name, fact] of told.names.of(inode) ?? []) {
    if (page.splits > 0 && partOf(name, page.splits) !== index) continue
    if (outdoneBy(fact.stamp) <= stamp) continue
    // Who hears of one and not of the other would take it for the last word.
    if (fact.rival !== undefined) addName(name, fact.rival)
    addName(name, fact)
    if (fact.entry !== undefined) addAttributes(fact.entry.attributes.inode)
  }
  if (told.inodes.size > 0) for (const { attributes } of page) addAttributes(attributes.inode)
  return all.length > MAX_PAGE_NEWS ? undefined : all
}

/** As whoever made the change has told of it. */
function toldWhen(when: When): Pick<Invalidation, 'stamp' | 'tookMs'> {
  const tookMs = Math.ceil(msOf(when.stamp - begunOf(when)))
  return { stamp: toldBy(when.stamp), ...(tookMs > 0 && { tookMs }) }
}
