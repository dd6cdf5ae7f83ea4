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
import type { Checker } from '../watch/checker.ts'
import type { History } from '../watch/history.ts'
import { BLOCK_BYTES, type Drawn } from './seed-world.ts'

const WHILE_FAULTS_MS = 20_000
const WHEN_HEALTHY_MS = 2_000
const MESSAGES_A_SECOND = 5_000

/** All checkers, with the bounds that this kind of cluster must keep. */
export function checkersFor(
  { revalidateMs, ramBytes, nodes }: Drawn,
  history: History,
): { readonly checkers: readonly Checker[]; readonly rate: ReturnType<typeof messageRate> } {
  const rate = messageRate(MESSAGES_A_SECOND)
  const checkers = [
    rightBytes(history),
    fresh({ history, revalidateMs }),
    heedsNews(history),
    neverBack(history),
    sourceReads({ blockBytes: BLOCK_BYTES, perBlock: nodes, burst: nodes }),
    shardBytes(ramBytes),
    queueBounds(),
    answersSoon({ whileFaultsMs: WHILE_FAULTS_MS, whenHealthyMs: WHEN_HEALTHY_MS }),
    rate,
    noLeaks(),
  ]
  return { checkers, rate }
}
