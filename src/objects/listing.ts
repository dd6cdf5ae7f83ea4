import type { Log } from '../log/log.ts'
import { KIND } from './kinds.ts'
import { type Answer, MOST_LISTED, type ObjectKey, type StoreOperation } from './operation.ts'

/** So much of the index is looked at for one page, however few keys fit. */
const MOST_SEGMENTS = 64

/**
 * Keys with a prefix, in no order but each once: those that are there from the first page to the
 * last are all listed. The index knows no order, so every key of the shard is looked at.
 */
export async function listPage(
  log: Log,
  { prefix, after = 0, most }: Extract<StoreOperation, { type: 'list' }>,
): Promise<Answer> {
  const keys: { key: ObjectKey; version: number }[] = []
  const wanted = Buffer.from(prefix)
  let tag: number | undefined = after
  for (let segments = 0; tag !== undefined && segments < MOST_SEGMENTS; segments++) {
    const { heads, next } = await log.headsFrom(tag)
    for (const { kind, key, version } of heads) {
      const isWanted = kind === KIND.value && wanted.equals(key.subarray(0, wanted.length))
      if (isWanted) keys.push({ key, version })
    }
    tag = next
    // A page ends between segments, so it may have some hundred keys more than were asked for.
    if (keys.length >= Math.min(most, MOST_LISTED)) break
  }
  return { type: 'page', keys, ...(tag === undefined ? {} : { next: tag }) }
}
