// What a volume's source has not yet: who is asked for it, and what follows when somebody tells of it.
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import { Marks } from '../../file/dirty/marks.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DirtyAnswer, DirtyQuestion } from '../../ports/dirty/dirty-messages.ts'
import type { DirtyNews, Invalidation, PeerId } from '../../ports/messages.ts'
import type { Via } from '../../tree/news/take-news.ts'
import { Unsaved } from '../../volume/unsaved.ts'
import type { VolumeRoom } from './volume-room.ts'

type RecallQuestion = DirtyQuestion & { readonly step: 'recall' }

export type UnsavedInit = {
  readonly clock: Clock
  readonly counters: Counters
  readonly table: PeerTable
  /** This node's life number. */
  readonly epoch: number
  readonly log?: Log | undefined
  /** Asks a peer, or this node, to put on the source what somebody has written. */
  readonly recall: (peer: PeerId, question: RecallQuestion) => Promise<DirtyAnswer>
  /** Takes in what is out of date. */
  readonly apply: (invalidation: Invalidation) => void
}

export function unsavedOf(volume: string, init: UnsavedInit): Unsaved {
  const { recall, apply, table } = init
  const marks = new Marks({
    ...init,
    self: table.self.peer,
    recall: (peer, question) => recall(peer, { step: 'recall', volume, ...question }),
    onClean: (inode, stamp) => apply({ volume, inode, stamp }),
  })
  return new Unsaved(marks)
}

/** Somebody has written to an inode what the source has not yet, or has put it there. */
export function takeDirty(
  { tree, unsaved, volume }: VolumeRoom,
  { inode, stamp, news }: Invalidation & { readonly news: DirtyNews },
  via: Via,
): void {
  const isMarked = unsaved.marks.take(inode, news, stamp)
  const record = tree.inodes.byInode(inode)
  if (record === undefined || !(isMarked || unsaved.marks.isOwn(news))) return
  if (via.asker === undefined) record.keptVersion = 0
  volume.tellKernel({ type: 'inode', nodeid: record.nodeid, data: true, asker: via.asker })
}
