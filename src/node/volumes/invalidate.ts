// What `potluck invalidate PATH` must tell everyone: the directory that holds the name, and the inode
// behind it, as known before and as found after.
import type { Invalidation, Inode, Path } from '../../ports/messages.ts'
import { isAboutPath } from '../../base/errors.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { EVERYTHING } from '../../rumor/floors.ts'
import { namesOf, resolve, type Place } from '../../tree/walk.ts'
import type { VolumeRoom } from './volume-room.ts'

export type InvalidatePorts = {
  readonly room: VolumeRoom
  readonly stamps: HybridClock
  /** Applies here, and tells everyone. */
  readonly tell: (invalidations: readonly Invalidation[]) => void
}

/** @throws PotluckError EINVAL for a path that leaves the volume */
export async function invalidationsFor(
  ports: InvalidatePorts,
  path: Path,
  recursive: boolean,
): Promise<void> {
  if (recursive) {
    ports.tell(invalidationsOf(ports, [EVERYTHING]))
    return
  }
  const before = await deepestPlace(ports, path)
  const inodes = new Set<Inode>([before.parent.inode])
  if (before.record !== undefined) inodes.add(before.record.inode)
  ports.tell(invalidationsOf(ports, [...inodes]))
  // The name may lead elsewhere by now, to an inode whose pages others hold from another name.
  const after = await deepestPlace(ports, path)
  const fresh = after.record?.inode
  if (fresh !== undefined && !inodes.has(fresh)) ports.tell(invalidationsOf(ports, [fresh]))
  // What changed in a directory is known, and told the kernel, once that has been read again.
  if (after.record !== undefined) await ports.room.tree.refresh(after.record)
}

/** All of one stamp: one reading of the directory is new enough for it and for the child. */
function invalidationsOf(ports: InvalidatePorts, inodes: readonly Inode[]): Invalidation[] {
  const stamp = ports.stamps.tick()
  return inodes.map((inode) => ({ volume: ports.room.id, inode, stamp }))
}

/** The place of a path, or of its longest beginning that leads somewhere. */
async function deepestPlace(ports: InvalidatePorts, path: Path): Promise<Place> {
  const { tree } = ports.room
  const names = namesOf(path)
  for (let length = names.length; length > 0; length--) {
    try {
      return await resolve(tree, names.slice(0, length).join('/'))
    } catch (error) {
      if (!isAboutPath(error)) throw error
    }
  }
  return { record: tree.inodes.root, parent: tree.inodes.root }
}
