// What a peer says is checked before it is believed.
import type { Answer, Block, Reply, Want } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import type { Identity } from '../block/key.ts'
import type { HybridClock } from '../block/stamp.ts'
import { checkPage, Page } from '../wire/page.ts'
import { decodeXattrs } from '../wire/xattrs.ts'

/** What a want asks for, without the way to the source that only who fetches it needs. */
export type Asked = Identity & Pick<Want, 'version' | 'floor' | 'name'>

export type Verdict = 'good' | 'corrupt' | 'stale'

/** Fresh enough, of the version that is wanted, and with what is wanted of a page. */
export function isUsable(block: Block, want: Asked): boolean {
  if (block.stamp < want.floor) return false
  if (want.kind === 'data') return block.version === want.version
  return want.kind !== 'page' || Page.of(block.bytes).answers(want.name)
}

/** Whether of the same state of a page more is known already. */
export function isLessThan(page: Block, held: Block | undefined): boolean {
  if (held === undefined || held.stamp !== page.stamp) return false
  return Page.of(held.bytes).bare < Page.of(page.bytes).bare
}

export type JudgePorts = {
  readonly checksum: (bytes: Uint8Array) => number
  readonly stamps: HybridClock
}

/**
 * Whether a peer's block is the one that was wanted. Its stamp is taken note of, so that whatever
 * this node tells of afterwards is later; one from the far future would outlast every
 * invalidation, and counts as damage.
 */
export function judge(
  answer: Extract<Answer, { type: 'block' }>,
  want: Want,
  ports: JudgePorts,
): Verdict {
  const { block } = answer
  const isWhole = ports.checksum(block.bytes) === block.checksum && isWellFormed(block, want)
  if (!isWhole || !ports.stamps.witnessReading(block.stamp)) return 'corrupt'
  return isUsable(block, want) ? 'good' : 'stale'
}

function isWellFormed(block: Block, want: Want): boolean {
  try {
    if (want.kind === 'page') checkPage(block.bytes)
    if (want.kind === 'xattrs') decodeXattrs(block.bytes)
    return true
  } catch {
    return false
  }
}

/** A want can only be answered by an answer. */
export function notAnAnswer({ type }: Reply): PotluckError {
  return new PotluckError('MALFORMED', `a want was answered by '${type}'`)
}
