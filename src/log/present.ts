import { type Change, NO_BYTES, type Outcome } from './changes.ts'
import { payloadChecksum, TOMBSTONE } from './format/record.ts'
import type { NewRecord } from './write/lane.ts'

/** What stands under a key now. */
export type Present = {
  readonly grain: number
  readonly version: number
  readonly bytes: number
  readonly flags: number
}

export const ABSENT: Present = { grain: 0, version: 0, bytes: 0, flags: 0 }

/** Why changes can't be made as things stand; undefined where they can. */
export function refusalOf(
  changes: readonly Change[],
  present: readonly Present[],
): Outcome | undefined {
  for (const [change, { expected, spares = 0 }] of changes.entries()) {
    const { version, flags } = present[change] ?? ABSENT
    if (expected !== undefined && expected !== version) {
      return { isDone: false, change, version, why: 'version' }
    }
    if ((flags & spares) !== 0) return { isDone: false, change, version, why: 'spared' }
  }
  return undefined
}

/** The record that a change appends: its value, or the deletion. */
export function recordOf({ key, value }: Change, version: number): NewRecord {
  const payload = value?.payload ?? NO_BYTES
  const flags = value === undefined ? TOMBSTONE : (value.flags ?? 0)
  return {
    head: {
      kind: key.kind,
      flags,
      version,
      owner: value?.owner ?? 0,
      key: key.bytes,
      next: value?.next ?? NO_BYTES,
      payloadBytes: payload.length,
      payloadChecksum: payloadChecksum(payload),
    },
    hash: key.hash,
    payload,
  }
}
