// One name in a directory, by what was told of it, or else by its page.
import type { Name, Stamp } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import { isName, type PageEntry } from '../wire/page-entry.ts'
import type { Freshness } from './freshness.ts'
import type { InodeRecord } from './inode-table.ts'
import type { FoundPage } from './kernel-news.ts'
import type { Told } from './news/told.ts'

/** A file may change while its directory is read; more often than this is a moving target. */
const TRIES = 4

export type FindPorts = {
  readonly told: Told
  readonly freshness: Freshness
  /** The page that answers the name, not older than the floor. */
  readonly pageFor: (floor: Stamp) => Promise<FoundPage>
}

export type Found = { readonly entry: PageEntry | undefined; readonly stamp: Stamp }

/** @throws PotluckError ENAMETOOLONG, EINVAL, or what reading the page failed with */
export async function findName(
  { told, freshness, pageFor }: FindPorts,
  directory: InodeRecord,
  name: Name,
): Promise<Found> {
  if (name.length > 255) throw new PotluckError('ENAMETOOLONG', 'a name has over 255 bytes')
  if (!isName(name)) throw new PotluckError('EINVAL', 'this can not be a name')
  const fact = told.names.find(directory.inode, name)
  // What was told after the newest page was read needs no page, which may no longer be here.
  const isNewest = fact !== undefined && fact.stamp > freshness.ofPages(directory)
  let found: Found = isNewest
    ? told.answer(name, fact)
    : told.resolve(directory.inode, name, await pageFor(0))
  for (let tries = 0; ; tries++) {
    const { entry } = found
    const floor = entry === undefined ? 0 : freshness.entryFloor(entry.attributes)
    if (found.stamp >= floor || tries === TRIES) break
    found = told.resolve(directory.inode, name, await pageFor(floor))
  }
  if (found.entry !== undefined) freshness.saw(found.entry.attributes, found.stamp)
  return found
}
