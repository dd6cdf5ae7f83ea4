// What a peer says is checked before it is believed.
import type { Answer, Block, Want } from '../ports/messages.ts'
import { checkPage } from '../wire/page.ts'
import { decodeXattrs } from '../wire/xattrs.ts'

export type Verdict = 'good' | 'corrupt' | 'stale'

/** Fresh enough, and of the version that is wanted. */
export function isUsable(block: Block, want: Want): boolean {
  return block.stamp >= want.floor && (want.kind !== 'data' || block.version === want.version)
}

export function judge(
  answer: Extract<Answer, { type: 'block' }>,
  want: Want,
  checksum: (bytes: Uint8Array) => number,
): Verdict {
  const { block } = answer
  if (checksum(block.bytes) !== block.checksum || !isWellFormed(block, want)) return 'corrupt'
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
