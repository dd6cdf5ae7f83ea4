import { answersSoon } from '../checkers/answers-soon.ts'
import { fresh } from '../checkers/fresh.ts'
import { heedsNews } from '../checkers/heeds-news.ts'
import { messageRate } from '../checkers/message-rate.ts'
import { neverBack } from '../checkers/never-back.ts'
import { noLeaks } from '../checkers/no-leaks.ts'
import { queueBounds } from '../checkers/queue-bounds.ts'
import { rightBytes } from '../checkers/right-bytes.ts'
import { shardBytes } from '../checkers/shard-bytes.ts'
import { sourceReads } from '../checkers/source-reads.ts'
import type { Faults } from '../faults/faults.ts'
import type { Checker } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'
import { BLOCK_BYTES, type Drawn } from './seed-world.ts'

/** A few silences, one after another; and the source's own patience, where its calls hang. */
const WHILE_FAULTS_MS = 20_000
const SOURCE_PATIENCE_MS = 30_000
const WHEN_HEALTHY_MS = 2_000
const MESSAGES_A_SECOND = 2_000
/** Of a block of one generation, on average; a small shard reads again what it has let go. */
const READS_A_BLOCK = 2
/** Each side of a partition, each life and each node that stands in for one reads for itself. */
const READS_A_BLOCK_UNDER_FAULTS = 6
/** Who holds a pinned file asks for it at each change, and may be the one who stands in for its home. */
const WITH_PINS = 1.5

type Watched = {
  readonly history: History
  readonly faults: Faults
  /** @default 2_000 */
  readonly messagesASecond?: number
}

/** All checkers, with the bounds that this kind of cluster must keep. */
export function checkersFor(
  { revalidateMs, ramBytes, nodes, inlineBytes, heat }: Drawn,
  { history, faults, messagesASecond = MESSAGES_A_SECOND }: Watched,
): { readonly checkers: readonly Checker[]; readonly rate: ReturnType<typeof messageRate> } {
  const patienceMs = faults.sourceHang > 0 ? SOURCE_PATIENCE_MS : 0
  const whileFaultsMs = WHILE_FAULTS_MS + patienceMs
  const more = heat === undefined ? 1 : WITH_PINS
  const rate = messageRate(messagesASecond * more)
  const checkers = [
    rightBytes(history),
    fresh({ history, revalidateMs, skewMs: faults.skewMs }),
    heedsNews(history),
    neverBack(history),
    sourceReads({ blockBytes: BLOCK_BYTES, inlineBytes, ...sourceBounds(faults, nodes, more) }),
    shardBytes({ ramBytes, pinnedBytes: Math.floor(ramBytes * (heat?.pinShare ?? 0)) }),
    queueBounds(),
    answersSoon({ whileFaultsMs, whenHealthyMs: WHEN_HEALTHY_MS }),
    rate,
    noLeaks(),
  ]
  return { checkers, rate }
}

function sourceBounds(
  faults: Faults,
  nodes: number,
  more: number,
): { readonly perBlock: number; readonly burst: number } {
  const { forMs: _, spared: __, skewMs: ___, longestMs: ____, ...shares } = faults
  const isCalm = Object.values(shares).every((share) => share === 0)
  if (isCalm) return { perBlock: READS_A_BLOCK, burst: 4 }
  // When the source has stood still, all who waited learn at one moment that a file is another one.
  return { perBlock: READS_A_BLOCK_UNDER_FAULTS * more, burst: Math.max(8, nodes / 2) }
}
