// A file read whole into the mesh, without a program that waits for it.
import type { Want } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import { versionOf } from '../block/version.ts'
import type { BlockResult } from '../file/open-file.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import type { TreeAheadInit } from './ahead/tree-ahead.ts'

const BLOCKS_AT_ONCE = 4
/** A file may change while it is read; more often than this is a moving target. */
const VERSION_TRIES = 4

export type WholeFile = TreeAheadInit & {
  readonly bring: (want: Want) => Promise<BlockResult>
  readonly signal?: AbortSignal | undefined
}

/** Every block of a file, a few at a time. @throws PotluckError what a block failed with */
export async function readWhole(record: InodeRecord, file: WholeFile): Promise<void> {
  for (let tries = 0; tries < VERSION_TRIES; tries++) {
    if (await readVersion(record, file)) return
  }
  throw new PotluckError('EIO', `${record.path()} changes too fast to be read`)
}

/** False where the file has another version by now. */
async function readVersion(record: InodeRecord, file: WholeFile): Promise<boolean> {
  const { tree, blockBytes, dataWant, bring, signal } = file
  const { attributes } = await tree.attributes(record, { signal })
  const blocks = Math.ceil(attributes.size / blockBytes)
  const version = versionOf(attributes)
  for (let from = 0; from < blocks; from += BLOCKS_AT_ONCE) {
    const count = Math.min(BLOCKS_AT_ONCE, blocks - from)
    const wants = Array.from({ length: count }, (_, i) => dataWant(record, from + i, version))
    const results = await Promise.all(wants.map(bring))
    const changed = results.find((result) => result.type === 'changed')
    if (changed === undefined) continue
    tree.changed(record, changed, version)
    return false
  }
  return true
}
