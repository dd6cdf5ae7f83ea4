import type { ToldWithLock } from '../../ports/locks.ts'
import type { RumorHead } from '../../ports/messages.ts'
import { nameOfLife } from '../../rumor/publisher-log.ts'
import { MAX_LOCK_HEADS } from '../../wire/limits.ts'

/** By the life: what a publisher told in the one before, no rumor of a later one tells. */
export type Heads = Map<string, RumorHead>

/** Nobody has said anything. */
export const UNSAID: ToldWithLock = { told: 0, heads: [] }

/** What was said by several together; undefined where one of them is, or it is more than may be said. */
export function mergeTold(all: readonly (ToldWithLock | undefined)[]): ToldWithLock | undefined {
  let told = 0
  const heads: Heads = new Map()
  for (const one of all) {
    if (one === undefined) return undefined
    told = Math.max(told, one.told)
    for (const head of one.heads) noteHead(heads, head)
  }
  return heads.size > MAX_LOCK_HEADS ? undefined : { told, heads: [...heads.values()] }
}

/** Keeps the later one of a life, as the last. */
export function noteHead(heads: Heads, head: RumorHead): void {
  const life = nameOfLife(head)
  const known = heads.get(life)
  if (known !== undefined && known.number > head.number) return
  heads.delete(life)
  heads.set(life, head)
}
