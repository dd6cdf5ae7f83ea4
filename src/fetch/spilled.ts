import type { Counters } from '../base/counters.ts'
import type { Block, Key, Want } from '../ports/messages.ts'
import type { Spill } from '../log/spill.ts'
import type { Shard } from '../shard/shard.ts'
import { isUsable } from './verify.ts'

type Spilling = {
  readonly spill?: Spill | undefined
  readonly shard: Shard
  readonly counters: Counters
}

/** What the local disk has of a file, if it is of the state that is wanted: in the shard from now on. */
export async function takeSpilled(
  { spill, shard, counters }: Spilling,
  key: Key,
  want: Want,
): Promise<Block | undefined> {
  if (want.kind !== 'data') return undefined
  const block = await spill?.find(key)
  if (block === undefined || !isUsable(block, want)) return undefined
  counters.add('spill_hits_total')
  shard.admit(key, block, want)
  return block
}
