import test from 'ava'
import { pinsKept } from '../../../sim/checkers/pins-kept.ts'
import { shardBytes } from '../../../sim/checkers/shard-bytes.ts'
import type { Checker, Load, Who } from '../../../sim/watch/checker.ts'

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
    checker.busy?.(who, { ramBytes: 0, pinnedBytes: bytes } as Load)
  }
  return words
}

test('a node that pins more than its share, or loses what it has pinned, is found out', (t) => {
  const fine = [0, 3_000, 6_000, 9_000].map((atMs) => ({ atMs, held: 2, bytes: 200 }))
  t.deepEqual(said(shardBytes({ ramBytes: 0, pinnedBytes: 200 }), fine), [])
  t.deepEqual(said(pinsKept(), fine), [])
  const tooMuch = said(shardBytes({ ramBytes: 0, pinnedBytes: 199 }), fine)
  t.deepEqual(tooMuch, ['node 3 has 200 pinnedBytes, and may have 199'])
  const lost = [...fine, { atMs: 12_000, held: 1, bytes: 100 }]
  t.regex(said(pinsKept(), lost)[0] ?? '', /node 3 held 2 blocks of a, and holds 1/)
})
