// One name in a directory, by what was told of it, or else by its page.
import type { Name, Stamp } from '../../ports/messages.ts'
import { PotluckError } from '../../base/errors.ts'
import { isName, type PageEntry } from '../../wire/page-entry.ts'
import type { Freshness } from '../freshness.ts'
import type { InodeRecord } from '../inode-record.ts'
import type { Told } from '../news/told.ts'
import { countsOver, type NameFact } from '../news/told-names.ts'
import type { PageReader } from './page-reader.ts'

/** A file may change while its directory is read; more often than this is a moving target. */
const TRIES = 4

export type FindPorts = {
  readonly told: Told
  readonly freshness: Freshness
  readonly pages: PageReader
}

export type Found = { readonly entry: PageEntry | undefined; readonly stamp: Stamp }

type Place = { readonly directory: InodeRecord; readonly name: Name }
type Options = { readonly signal?: AbortSignal | undefined }

/**
 * By what is here already, or undefined: most lookups wait for nothing, and a promise costs more than
 * they do.
 *
 * @throws PotluckError ENAMETOOLONG, EINVAL
 */
export function findNameHere(ports: FindPorts, place: Place): Found | undefined {
  if (place.name.length > 255) throw new PotluckError('ENAMETOOLONG', 'a name has over 255 bytes')
  if (!isName(place.name)) throw new PotluckError('EINVAL', 'this can not be a name')
  const found = firstHere(ports, place)
  if (found === undefined || found.stamp < floorOf(ports, found)) return undefined
  if (found.entry !== undefined) ports.freshness.saw(found.entry.attributes, found.stamp)
  return found
}

/** @throws PotluckError ENAMETOOLONG, EINVAL, or what reading the page failed with */
export async function findName(
  ports: FindPorts,
  place: Place,
  options: Options = {},
): Promise<Found> {
  const here = findNameHere(ports, place)
  if (here !== undefined) return here
  const { told, freshness, pages } = ports
  const { directory, name } = place
  const byPage = async (floor: Stamp) =>
    told.resolve(directory.inode, name, await pages.bringFor(place, { ...options, floor }))
  let found = firstHere(ports, place) ?? (await byPage(0))
  for (let tries = 0; tries < TRIES; tries++) {
    const floor = floorOf(ports, found)
    if (found.stamp >= floor) break
    found = await byPage(floor)
  }
  if (found.entry !== undefined) freshness.saw(found.entry.attributes, found.stamp)
  return found
}

function firstHere(
  { told, freshness, pages }: FindPorts,
  { directory, name }: Place,
): Found | undefined {
  const fact = told.names.find(directory.inode, name)
  // What was told after the newest page was read needs no page, which may no longer be here.
  if (
    fact !== undefined &&
    fact.stamp > freshness.ofPages(directory) &&
    isUnseen(fact, directory)
  ) {
    return told.answer(name, fact)
  }
  const page = pages.hereFor({ directory, name })
  return page && told.resolve(directory.inode, name, page)
}

/** Whether no page that was used has shown what was told, or what came after it. */
function isUnseen(fact: NameFact, { pagesSeen, newestPageStamp: stamp }: InodeRecord): boolean {
  return pagesSeen === undefined || countsOver(fact, { stamp, page: { self: pagesSeen.changed } })
}

function floorOf({ freshness }: FindPorts, { entry, stamp }: Found): Stamp {
  return entry === undefined ? 0 : freshness.entryFloor(entry.attributes, stamp)
}
