// How large a message is on the wire, near enough: the simulator does not encode what it passes on.
// Held against `src/wire` in a test.
import type { HeatAnswer, HeatQuestion } from '../../src/ports/heat/heat-messages.ts'
import type { LeaseAnswer, LeaseQuestion } from '../../src/ports/leases/lease-messages.ts'
import type { DirtyQuestion } from '../../src/ports/dirty/dirty-messages.ts'
import type { LockAnswer, LockQuestion, LockRecord, Roll } from '../../src/ports/locks.ts'
import type {
  Answer,
  Gossip,
  Identity,
  Invalidation,
  News,
  Reply,
  Request,
} from '../../src/ports/messages.ts'
import type { Change } from '../../src/ports/writable-source.ts'

const FRAME = 16
const ATTRIBUTES = 48
const RUMOR = 64
const NOTICE = 44
const MEMBER = 60
const LOCK = 20
const RATE = 10

export function requestBytes(request: Request): number {
  switch (request.type) {
    case 'want':
      return FRAME + 24 + identityBytes(request.want) + request.want.path.length
    case 'holding':
      return FRAME + 32 * request.keys.length
    case 'warm':
      return FRAME + request.paths.reduce((sum, path) => sum + path.length + 2, 0)
    case 'describe':
    case 'changes':
      return FRAME + request.volume.length
    case 'repair':
      return FRAME + RUMOR
    case 'heads':
    case 'traces':
      return FRAME
    case 'trace':
      return FRAME + request.volume.length + request.name.length
    case 'change':
      return FRAME + changeBytes(request.change)
    case 'lock':
      return FRAME + questionBytes(request.question)
    case 'heat':
      return FRAME + heatQuestionBytes(request.question)
    case 'lease':
      return FRAME + questionAboutLeasesBytes(request.question)
    case 'dirty':
      return FRAME + RUMOR + dirtyBytes(request.question)
    case 'keep':
      return FRAME + 32 + identityBytes(request.of) + request.block.bytes.length
  }
}

function identityBytes({ volume, inode }: Identity): number {
  return volume.length + inode.length
}

export function replyBytes(reply: Reply): number {
  switch (reply.type) {
    case 'answer':
      return FRAME + answerBytes(reply.answer)
    case 'held':
      return FRAME + (reply.held.length >> 3)
    case 'rumors':
      return reply.rumors.reduce((sum, { invalidations }) => sum + rumorBytes(invalidations), FRAME)
    case 'heads':
      return FRAME + RUMOR * reply.heads.length
    case 'description':
      return FRAME + 32
    case 'traces':
      return FRAME + NOTICE * reply.traces.length
    case 'done':
      return FRAME
    case 'made':
      return FRAME + rumorBytes(reply.made.news) + (reply.made.bytes?.length ?? 0)
    case 'lock':
      return FRAME + answerAboutLocksBytes(reply.answer)
    case 'heat':
      return FRAME + heatAnswerBytes(reply.answer)
    case 'lease':
      return FRAME + answerAboutLeasesBytes(reply.answer)
    case 'dirty':
      return FRAME + (reply.answer.type === 'clean' ? 9 : 2)
    case 'failed':
      return FRAME + reply.message.length
  }
}

export function gossipBytes(gossip: Gossip): number {
  if (gossip.type === 'rumor') return FRAME + rumorBytes(gossip.rumor.invalidations)
  if (gossip.type !== 'heat') return FRAME + RUMOR
  const { news } = gossip
  if (news.step === 'wish') return FRAME + RUMOR + news.wish.path.length
  return FRAME + RUMOR + lengthOf(news.files, RATE + 18)
}

function heatQuestionBytes(question: HeatQuestion): number {
  return question.step === 'rates' ? RUMOR + lengthOf(question.rates, RATE) : 1
}

function heatAnswerBytes(answer: HeatAnswer): number {
  return answer.step === 'rates' ? 2 + 8 * answer.perSecond.length : lengthOf(answer.wishes, RUMOR)
}

function lengthOf(
  all: readonly { readonly path: string; readonly inode?: string }[],
  each: number,
): number {
  return all.reduce((sum, { path, inode = '' }) => sum + path.length + inode.length + each, 0)
}

function answerBytes(answer: Answer): number {
  if (answer.type === 'block') return 24 + answer.block.bytes.length
  if (answer.type === 'busy') return RUMOR * answer.referrals.length
  return answer.type === 'changed' ? ATTRIBUTES : 1
}

function questionBytes(question: LockQuestion): number {
  if (question.step === 'claim') return recordBytes(question.records)
  if (question.step === 'tell') return 1
  if (question.step === 'set' || question.step === 'test') {
    const heads = question.step === 'set' ? question.heads.length : 0
    return LOCK + question.volume.length + question.inode.length + RUMOR * heads
  }
  return question.step === 'renew' ? 8 : rollBytes(question.roll)
}

function answerAboutLocksBytes(answer: LockAnswer): number {
  switch (answer.type) {
    case 'roll':
    case 'refused':
      return rollBytes(answer.roll)
    case 'vote':
      return 4 + rollBytes(answer.accepted) + rollBytes(answer.roll)
    case 'records':
      return recordBytes(answer.records)
    case 'lease':
      return 16 + 2 * answer.refused.length + RUMOR * answer.heads.length
    case 'told':
      return RUMOR
    case 'conflict':
      return RUMOR + LOCK
    case 'free':
      return 1
  }
}

function dirtyBytes(question: DirtyQuestion): number {
  return question.step === 'keep' ? question.path.length + question.bytes.length : 0
}

function rollBytes(roll: Roll | undefined): number {
  return roll === undefined ? 1 : MEMBER * (1 + roll.keepers.length + roll.previous.length)
}

function recordBytes(records: readonly LockRecord[]): number {
  return records.reduce(
    (sum, { volume, inode, locks }) =>
      sum + MEMBER + volume.length + inode.length + LOCK * locks.length,
    4,
  )
}

function rumorBytes(invalidations: readonly Invalidation[]): number {
  return invalidations.reduce(
    (sum, { inode, volume, news }) => sum + inode.length + volume.length + 9 + newsBytes(news),
    RUMOR,
  )
}

function newsBytes(news: News | undefined): number {
  if (news === undefined) return 1
  if (news.type === 'attributes') return 1 + ATTRIBUTES + news.attributes.inode.length
  if (news.type === 'dirty') return 1 + MEMBER + (news.copy?.length ?? 0)
  return 1 + news.name.length + RUMOR + (news.entry === undefined ? 0 : ATTRIBUTES)
}

function changeBytes(change: Change): number {
  if (change.type === 'write') return RUMOR + change.bytes.length
  if ('at' in change) return RUMOR + change.at.path.length + change.at.name.length
  return RUMOR + ('on' in change ? change.on.path.length : 0)
}

function questionAboutLeasesBytes(question: LeaseQuestion): number {
  if (question.step !== 'ask') return LOCK
  return question.inodes.reduce((sum, inode) => sum + inode.length + 1, LOCK)
}

function answerAboutLeasesBytes(answer: LeaseAnswer): number {
  if (answer.type === 'given') return answer.head === undefined ? 2 : MEMBER
  if (answer.type === 'refused') return answer.roll === undefined ? 2 : rollBytes(answer.roll)
  return answer.changes.reduce((sum, { heads }) => sum + 12 + MEMBER * heads.length, 2 * LOCK)
}
