import type { Path } from '../../src/ports/messages.ts'
import { ROOT_NODEID, type Nodeid, type Volume } from '../../src/volume/volume.ts'
import type { WorldNode } from '../world-node.ts'
import type { ProgramInit } from './programs.ts'

const PAUSE_MS = 300
/** Larger than any file here: one read is one file. */
const LENGTH = 1024 * 1024

/** Opens a file and reads it several times through one handle, as a program that follows it does. */
export async function heldFile(
  { world, watch, tally }: ProgramInit,
  node: WorldNode,
  { path, times }: { readonly path: Path; readonly times: number },
): Promise<void> {
  const { life, volume } = node
  const references: Nodeid[] = []
  let handle: number | undefined
  try {
    const nodeid = await life.within(walk(volume, path, references))
    const openedMs = world.clock.elapsedMs
    handle = (await life.within(volume.open(nodeid))).handle
    for (let i = 0; i < times && life.state !== 'dead'; i++) {
      const open = handle
      const read = await watch.read({ node, path, openedMs }, async () =>
        Buffer.concat(await life.within(volume.read(open, { from: 0, length: LENGTH }))),
      )
      tally.count(read, world)
      await world.sleep(PAUSE_MS)
    }
  } catch {
    // What can't be opened is not held; that opening fails is seen by those who read whole files.
    return
  } finally {
    if (handle !== undefined) volume.release(handle)
    for (const nodeid of references.reverse()) volume.forget(nodeid, 1)
  }
}

async function walk(volume: Volume, path: Path, references: Nodeid[]): Promise<Nodeid> {
  let nodeid: Nodeid = ROOT_NODEID
  for (const name of path.split('/')) {
    const entry = await volume.lookup(nodeid, name)
    if (!('attributes' in entry)) throw new RangeError(`${path} is not there`)
    nodeid = entry.nodeid
    references.push(nodeid)
  }
  return nodeid
}
