// What `potluck invalidate PATH` must tell everyone: the directory that holds the name, and the inode
// behind it, as known before and as found after.
import type { Invalidation, Inode, Path } from '../ports/messages.ts'
import { isAboutPath } from '../base/errors.ts'
import type { HybridClock } from '../block/stamp.ts'
import { EVERYTHING } from '../rumor/floors.ts'
import { namesOf, resolve, type Place } from '../tree/walk.ts'
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
    ports.tell([invalidation(ports, EVERYTHING)])
    return
  }
  const before = await deepestPlace(ports, path)
  const inodes = new Set<Inode>([before.parent.inode])
  if (before.record !== undefined) inodes.add(before.record.inode)
  ports.tell([...inodes].map((inode) => invalidation(ports, inode)))
  // The name may lead elsewhere by now, to an inode whose pages others hold from another name.
  const after = await deepestPlace(ports, path)
  const fresh = after.record?.inode
  if (fresh !== undefined && !inodes.has(fresh)) ports.tell([invalidation(ports, fresh)])
}

function invalidation(ports: InvalidatePorts, inode: Inode): Invalidation {
  return { volume: ports.room.id, inode, stamp: ports.stamps.tick() }
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
