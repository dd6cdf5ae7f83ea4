import { type Change, type Durability, type Outcome, OWNS } from '../../log/changes.ts'
import type { Log } from '../../log/log.ts'
import { PIECES, valueKey } from '../kinds.ts'
import type { SwapChange } from '../operation.ts'
import { PieceTable } from '../pieces.ts'
import type { Reaper } from '../reaper.ts'

type SwapInit = {
  /** Changes that become visible with it. */
  readonly also: readonly Change[]
  readonly durability: Durability
  /** What it puts in place is in the log already, and goes with it. */
  readonly isOwed?: true
}

/** A swap's changes on one shard, in one commit. @throws PotluckError TOO_LARGE, ENOSPC */
export async function commitSwap(
  { log, reaper }: { readonly log: Log; readonly reaper: Reaper },
  changes: readonly SwapChange[],
  { also, durability, ...owed }: SwapInit,
): Promise<Outcome> {
  const wanted = changes.map(({ key, bytes, expected }) => ({
    key: valueKey(log, key),
    value: bytes === undefined ? undefined : { payload: bytes },
    expected,
    ...owed,
  }))
  const first = wanted.map((change) => ({ ...change, spares: OWNS }))
  const outcome = await log.commit([...first, ...also], durability)
  if (outcome.isDone || outcome.why === 'version') return outcome
  // What is expected there is larger than a record: its pieces go when the swap has happened.
  const before = await Promise.all(wanted.map(({ key }) => log.read(key)))
  const second = await log.commit([...wanted, ...also], durability)
  if (!second.isDone) return second
  for (const [i, record] of before.entries()) {
    const key = changes[i]?.key
    if (record === undefined || key === undefined || (record.flags & PIECES) === 0) continue
    reaper.drop({ key, owner: record.owner, table: PieceTable.decode(record.payload) })
  }
  return second
}
