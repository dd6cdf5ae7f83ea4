// A counter that everybody adds to under a lock that excludes all others: what a lock is for.
import type { Path } from '../../../src/ports/messages.ts'
import { codeOf } from '../../../src/base/errors.ts'
import type { WorldNode } from '../../world-node.ts'
import { below } from '../../engine/draws.ts'
import { volumeIdOf } from '../../../src/node/volumes/volume-room.ts'
import type { Random } from '../../../src/ports/random.ts'
import type { WritingInit } from './program.ts'
import { withWriter, type Writer } from './writer.ts'

export const COUNTERS: readonly Path[] = ['d0/count0', 'd1/count1', 'd2/count2']
const DIGITS = 15
const PATIENCE_MS = 2_000

const OWNERS = 2 ** 31

/** Adds one. */
export async function count(
  init: WritingInit,
  node: WorldNode,
  { path, random }: { readonly path: Path; readonly random: Random },
): Promise<void> {
  const { tally } = init
  const owner = BigInt(below(random, OWNERS))
  try {
    await withWriter(node, (writer) => add(init, { node, path, writer, owner }))
    tally.counts += 1
  } catch (error) {
    tally.refused(codeOf(error))
  }
}

type Step = {
  readonly node: WorldNode
  readonly path: Path
  readonly writer: Writer
  readonly owner: bigint
}

async function add(
  { world, watch }: WritingInit,
  { node, path, writer, owner }: Step,
): Promise<void> {
  const { epoch } = node
  const file = await writer.open(path)
  const stop = new AbortController()
  const cancel = world.clock.after(PATIENCE_MS, () => stop.abort())
  await writer.lock(file, owner, stop.signal).finally(cancel)
  try {
    const lockedMs = world.clock.elapsedMs
    const bytes = await writer.read(file)
    const endMs = world.clock.elapsedMs
    const { inode } = file
    // What is read after a lock was lost is nobody's promise.
    if (node.mesh.locks.isLost(volumeIdOf(world.volumeInit), inode)) return
    watch.lockedRead({ node, epoch, path, inode, lockedMs, endMs, bytes })
    const text = `${Number(bytes.toString()) + 1}`.padStart(DIGITS, '0')
    await writer.write(file, 0, Buffer.from(`${text}\n`))
  } finally {
    if (node.isLiving && node.epoch === epoch) await writer.unlock(file, owner)
  }
}
