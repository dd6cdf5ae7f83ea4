// A change of a strict volume: made while nobody else uses what it changes, and answered once nobody
// will.
import { codeOf } from '../../base/errors.ts'
import type { LeaseHolder } from '../../lock/lease/lease-holder.ts'
import type { Inode } from '../../ports/messages.ts'
import type { At, Change, Made } from '../../ports/writable-source.ts'
import type { Tree } from '../../tree/tree.ts'

export type AloneInit = {
  readonly leases: LeaseHolder
  readonly volume: string
  readonly tree: Tree
  /** The inodes that the source is asked to change; those that names lead to need not be among them. */
  readonly concerned: (change: Change) => readonly Inode[]
}

export type AloneChange = {
  readonly change: Change
  /** Asked for by a peer: this node's own kernel knows nothing of it. */
  readonly isForOthers: boolean
}

/** @throws PotluckError what the change failed with, ETIMEDOUT where nobody leases */
export async function makeAlone(
  { leases, volume, tree, concerned }: AloneInit,
  { change, isForOthers }: AloneChange,
  make: (mayBegin?: () => boolean) => Promise<Made>,
): Promise<Made> {
  const inodes = changesNothing(change) ? [] : [...concerned(change), ...namedBy(tree, change)]
  if (inodes.length === 0) return make()
  const made = await leases.alone(volume, inodes, make).catch((error: unknown) => {
    // This node stood still for longer than a lease, before the change was begun.
    if (codeOf(error) === 'EAGAIN') return leases.alone(volume, inodes, make)
    throw error
  })
  const others = touchedBy(made).filter((inode) => !inodes.includes(inode))
  // Whoever is about to write to what is new has the lease of it then; nobody has looked at it yet.
  if (isMaking(change)) void leases.changed(volume, others).catch(() => undefined)
  else await leases.changed(volume, others)
  if (isForOthers) await leases.disbelieved(volume, inodes)
  return made
}

function changesNothing(change: Change): boolean {
  if (change.type === 'open') return !change.how.truncate
  return change.type === 'sync-directory' || change.type === 'tmpfile'
}

function isMaking(change: Change): boolean {
  if (change.type === 'create') return change.isExclusive
  return change.type === 'mkdir' || change.type === 'mknod' || change.type === 'symlink'
}

/** What names lead to that are taken away, moved or opened. */
function namedBy(tree: Tree, change: Change): readonly Inode[] {
  const places: At[] = 'at' in change ? [change.at] : []
  if (change.type === 'rename') places.push(change.from)
  return places.flatMap(({ directory, name }) => {
    const known = tree.inodes.byInode(directory)?.children.get(name)
    return known === undefined ? [] : [known.inode]
  })
}

function touchedBy({ news }: Made): readonly Inode[] {
  const touched = new Set<Inode>()
  for (const { inode, news: told } of news) {
    touched.add(inode)
    if (told?.type === 'name' && told.entry !== undefined) touched.add(told.entry.attributes.inode)
  }
  return [...touched]
}
