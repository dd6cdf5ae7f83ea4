import { PotluckError } from '../../base/errors.ts'
import type { Disk, DiskFile } from '../../ports/disk.ts'
import type { Random } from '../../ports/random.ts'
import { type Layout, SECTOR_BYTES } from '../format/layout.ts'
import { decodeSuperblock, encodeSuperblock, type Superblock } from '../format/superblock.ts'

export type OpenFileInit = {
  readonly disk: Disk
  readonly name: string
  readonly layout: Layout
  readonly shard: number
  readonly shards: number
  readonly random: Random
}

/**
 * Opens the file of a log, making a new log where nothing was ever written to it.
 *
 * @throws PotluckError EINVAL (made for another size or number of shards), CORRUPT (not a log, or
 *   both superblocks damaged), ENOTSUP (a newer format), and those of the disk
 */
export async function openFile(
  init: OpenFileInit,
): Promise<{ readonly file: DiskFile; readonly superblock: Superblock }> {
  const { disk, name, layout } = init
  const file = await disk.open({ name, sizeBytes: layout.sizeBytes })
  try {
    return { file, superblock: (await readSuperblock(init, file)) ?? (await make(init, file)) }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readSuperblock(
  { name, layout, shard, shards }: OpenFileInit,
  file: DiskFile,
): Promise<Superblock | undefined> {
  const both = Buffer.alloc(2 * SECTOR_BYTES)
  await file.read(0, both)
  const found =
    decodeSuperblock(both.subarray(0, SECTOR_BYTES)) ??
    decodeSuperblock(both.subarray(SECTOR_BYTES))
  if (found === undefined) {
    // A crash in the middle of making it: the zones are still untouched.
    if (await isUnused(file, layout)) return undefined
    throw new PotluckError('CORRUPT', `${name} holds no log, or its superblocks are damaged`)
  }
  const isSame =
    found.layout.zoneBytes === layout.zoneBytes &&
    found.layout.zones === layout.zones &&
    found.shard === shard &&
    found.shards === shards
  if (isSame) return found
  throw new PotluckError(
    'EINVAL',
    `${name} is shard ${found.shard} of ${found.shards} with ${found.layout.zones} zones of ` +
      `${found.layout.zoneBytes} bytes; a log keeps the size and the shards it was made with`,
  )
}

/** The first zone's header is written only after the superblocks were synced. */
async function isUnused(file: DiskFile, layout: Layout): Promise<boolean> {
  const sector = Buffer.alloc(SECTOR_BYTES)
  for (let zone = 0; zone < layout.zones; zone++) {
    await file.read(layout.sizeBytes - (zone + 1) * layout.zoneBytes, sector)
    if (sector.some((byte) => byte !== 0)) return false
  }
  return true
}

async function make(
  { layout, shard, shards, random }: OpenFileInit,
  file: DiskFile,
): Promise<Superblock> {
  const superblock = { layout, seed: Math.floor(random.next() * 2 ** 32), shard, shards }
  const sector = encodeSuperblock(superblock)
  await file.write(0, Buffer.concat([sector, sector]))
  await file.sync()
  return superblock
}
