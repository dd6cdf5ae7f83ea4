// What a peer says is checked before it is believed.
import type { Block, Identity, Reply, Want } from '../ports/messages.ts'
import type { Counters } from '../base/counters.ts'
import { PotluckError } from '../base/errors.ts'
import type { HybridClock } from '../block/stamp.ts'
import { checkPage, Page } from '../wire/page.ts'
import { decodeXattrs } from '../wire/xattrs.ts'

/** What a want asks for, without the way to the source that only who fetches it needs. */
export type Asked = Identity & Pick<Want, 'version' | 'floor' | 'name'>

type Verdict = 'good' | 'corrupt' | 'stale'

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
  readonly counters: Counters
}

/**
 * Whether a peer's block is the one that was wanted; bad ones are counted. Its stamp is taken note
 * of, so that whatever this node tells of afterwards is later; one from the far future would outlast
 * every invalidation, and counts as damage.
 */
export function isGood(block: Block, asked: Asked, ports: JudgePorts): boolean {
  const verdict = judge(block, asked, ports)
  if (verdict !== 'good') ports.counters.add(`blocks_${verdict}_total`)
  return verdict === 'good'
}

function judge(block: Block, asked: Asked, { checksum, stamps }: JudgePorts): Verdict {
  const isWhole = checksum(block.bytes) === block.checksum && isWellFormed(block, asked)
  if (!isWhole || !stamps.witnessReading(block.stamp)) return 'corrupt'
  return isUsable(block, asked) ? 'good' : 'stale'
}

function isWellFormed(block: Block, { kind }: Asked): boolean {
  try {
    if (kind === 'page') checkPage(block.bytes)
    if (kind === 'xattrs') decodeXattrs(block.bytes)
    return true
  } catch {
    return false
  }
}

/** A want can only be answered by an answer. */
export function notAnAnswer({ type }: Reply): PotluckError {
  return new PotluckError('MALFORMED', `a want was answered by '${type}'`)
}
