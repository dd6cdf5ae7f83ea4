// Write-back as heat sees it: what is in use stays in RAM, what cools goes to the source, with nobody
// asking for it; and whoever dies meanwhile, nothing that was answered is lost.
import type { ExecutionContext } from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { cannotMount } from '../fuse/real-mount.ts'
import { Place, type PeerProcess } from '../peers/composition/peer-process.ts'
import {
  closeAll,
  differences,
  kill,
  startWriters,
  writeOn,
  type Written,
} from '../peers/composition/written-back.ts'
import { testUnless } from '../skip.ts'

const HEAT = ['--heat-half-life', '2s', '--pin-above', '0.3', '--unpin-below', '0.1']
/** Neither age nor a close puts anything on the source: cooling alone does, and the end. */
const KEPT = ['--flush-on-close', 'no', '--dirty-age', '10m']
const BY_HAND = 'a0'
const PATIENCE_MS = 90_000

/** Waits until something is so. @throws Error with its name where it never is */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not in ${PATIENCE_MS} ms: ${what}`)
    await sleep(200)
  }
}

/** The files that a peer knows to be pinned for a reason. */
async function pinned({ client }: PeerProcess, cause: 'heat' | 'wish'): Promise<string[]> {
  const { files } = await client.heat()
  return files.filter(({ pinnedFor }) => pinnedFor.includes(cause)).map(({ path }) => path)
}

/** Uses all files on these nodes until all nodes know all of theirs to be hot. */
async function heatUp(written: Written, on: readonly number[]): Promise<void> {
  const writers = on.map((index) => 'ab'[index] ?? '')
  const theirs = [...written.expected.keys()].filter(
    (name) => name === 'shared' || writers.includes(name.charAt(0)),
  )
  await until('all files are pinned', async () => {
    await writeOn(written, on, 20)
    const seen = await Promise.all(on.map((index) => pinned(peerOf(written, index), 'heat')))
    return seen.every((hot) => theirs.every((name) => hot.includes(name)))
  })
}

function peerOf({ peers }: Written, index: number): PeerProcess {
  const peer = peers[index]
  if (peer === undefined) throw new Error(`no peer ${index}`)
  return peer
}

async function dirtyFiles({ client }: PeerProcess): Promise<number> {
  return (await client.status()).node.dirty.files
}

/** Names of files that the source has not as they were acknowledged. */
async function unsaved(written: Written): Promise<string[]> {
  const wrong = await differences(written, written.source)
  return wrong.map((each) => each.split(' ')[0] ?? '')
}

/** With files open and nothing synced. */
async function cools(t: ExecutionContext, written: Written): Promise<void> {
  const [first, second] = [peerOf(written, 0), peerOf(written, 1)]
  await first.client.pin('data', BY_HAND, { isPinned: true })
  await heatUp(written, [0, 1])
  t.true((await unsaved(written)).length > 1, 'what is hot is not on the source')
  await until('all but what is pinned by hand is on the source', async () => {
    const names = await unsaved(written)
    return names.length === 1 && names[0] === BY_HAND
  })
  t.deepEqual(await pinned(second, 'heat'), [])
  t.deepEqual(await pinned(second, 'wish'), [BY_HAND])
  await first.client.pin('data', BY_HAND, { isPinned: false })
  await until(
    'what was unpinned is on the source',
    async () => (await unsaved(written)).length === 0,
  )
  for (const peer of [first, second]) t.is(await dirtyFiles(peer), 0)
}

testUnless(cannotMount)(
  'pinned files that two nodes write are on the source once they have cooled, or a node was ended or killed',
  async (t) => {
    t.timeout(600_000)
    await using place = new Place()
    const written = await startWriters(place, [...KEPT, ...HEAT])
    await cools(t, written)

    // Hot and dirty again, and the machine of one dies: its copies are at the others.
    await heatUp(written, [0, 1])
    t.true((await dirtyFiles(peerOf(written, 0))) > 0)
    await kill(written, 0)
    t.deepEqual(await differences(written, written.writers[1]?.mount ?? ''), [])
    await until('what the dead one had is on the source', async () =>
      (await unsaved(written)).every((name) => !name.startsWith('a')),
    )

    // Hot and dirty, and told to leave.
    await heatUp(written, [1])
    t.true((await dirtyFiles(peerOf(written, 1))) > 0)
    t.not((await unsaved(written)).length, 0)
    await closeAll(written)
    t.is(await peerOf(written, 1).end('SIGTERM'), 0)
    t.deepEqual(await unsaved(written), [])
  },
)
