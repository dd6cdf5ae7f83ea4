import type { Inode, Invalidation } from '../ports/messages.ts'

/**
 * What is told at one time, without attributes that are overtaken by later ones of the same inode: of a
 * directory in which a thousand files are made at once, only the last are told.
 */
export function withoutOvertaken(invalidations: readonly Invalidation[]): Invalidation[] {
  const kept: Invalidation[] = []
  const latest = new Map<Inode, Invalidation>()
  for (const one of invalidations.toReversed()) {
    const { inode, volume, news } = one
    const later = news?.type === 'attributes' ? latest.get(`${volume} ${inode}`) : undefined
    const isOvertaken = later !== undefined && isContent(later) >= isContent(one)
    if (isOvertaken) continue
    if (news?.type === 'attributes') latest.set(`${volume} ${inode}`, one)
    kept.push(one)
  }
  return kept.reverse()
}

function isContent({ news }: Invalidation): number {
  return news?.type === 'attributes' && news.isContent ? 1 : 0
}
