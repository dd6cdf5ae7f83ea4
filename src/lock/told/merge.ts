import type { ToldWithLock } from '../../ports/locks.ts'
import type { RumorHead } from '../../ports/messages.ts'
import { MAX_LOCK_HEADS } from '../../wire/limits.ts'

/** Nobody has said anything. */
export const UNSAID: ToldWithLock = { told: 0, heads: [] }

/** What was said by several together; undefined where one of them is, or it is more than may be said. */
export function mergeTold(all: readonly (ToldWithLock | undefined)[]): ToldWithLock | undefined {
  let told = 0
  const heads = new Map<string, RumorHead>()
  for (const one of all) {
    if (one === undefined) return undefined
    told = Math.max(told, one.told)
    for (const head of one.heads) {
      const known = heads.get(head.publisher)
      if (known === undefined || isNewer(head, known)) heads.set(head.publisher, head)
    }
  }
  return heads.size > MAX_LOCK_HEADS ? undefined : { told, heads: [...heads.values()] }
}

/** Of one publisher: a later life, or a later rumor of the same. */
export function isNewer(a: RumorHead, b: RumorHead): boolean {
  return a.epoch === b.epoch ? a.number > b.number : a.epoch > b.epoch
}
