import test from 'ava'
import { runHeat } from '../../../sim/heat/heat-run.ts'
import { pinnedBytes } from '../../../sim/checkers/pinned-bytes.ts'
import { pinsKept } from '../../../sim/checkers/pins-kept.ts'
import type { Checker, Load, Who } from '../../../sim/watch/checker.ts'

test('what is larger than a node and smaller than the mesh stays in it; what is hot is pinned', async (t) => {
  const result = await runHeat({ seed: 7, nodes: 12, draws: 96 })
  t.deepEqual(result.violations, [])
  t.is(result.failures, 0)
  t.is(result.firstPassReads, 1)
  t.true(
    result.laterReads <= 0.02,
    `${result.laterReads} source reads a block after the first pass`,
  )
  t.true(result.busiest <= 2, `the busiest node sends ${result.busiest} times the mean`)
  t.true(result.pinnedAfterMs <= 10_000, `pinned after ${result.pinnedAfterMs} ms`)
  t.true(result.copies >= 2)
  t.is(result.lostInScan, 0)
  t.is(result.hotSourceReads, result.hotBlocks)
  t.true(result.letGoAfterMs < 600_000)
})

/** What a checker says of loads and pins that one node shows, one after another. */
function said(checker: Checker, shown: readonly { atMs: number; held: number; bytes: number }[]) {
  const words: string[] = []
  const clock = { elapsedMs: 0 }
  checker.begin?.({ clock } as never, (what) => words.push(what))
  for (const { atMs, held, bytes } of shown) {
    clock.elapsedMs = atMs
    const file = { inode: '7', path: 'a', copies: 1, sizeBytes: 100, blocksHeld: held }
    const status = { files: [file], pinCapacityBytes: 1_000 }
    const mesh = { heat: { status: () => status } }
    const node = { index: 3, isLiving: true, mesh, status: () => ({ peers: 5 }) }
    const who = { node, epoch: 1 } as unknown as Who
    checker.busy?.(who, { pinnedBytes: bytes } as Load)
  }
  return words
}

test('a node that pins more than its share, or loses what it has pinned, is found out', (t) => {
  const fine = [0, 3_000, 6_000, 9_000].map((atMs) => ({ atMs, held: 2, bytes: 200 }))
  t.deepEqual(said(pinnedBytes(200), fine), [])
  t.deepEqual(said(pinsKept(), fine), [])
  t.regex(said(pinnedBytes(199), fine)[0] ?? '', /node 3 has pinned 200 bytes, and may pin 199/)
  const lost = [...fine, { atMs: 12_000, held: 1, bytes: 100 }]
  t.regex(said(pinsKept(), lost)[0] ?? '', /node 3 held 2 blocks of a, and holds 1/)
})
