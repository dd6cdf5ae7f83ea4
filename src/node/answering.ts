import type { LeaseAnswer, LeaseQuestion } from '../ports/leases/lease-messages.ts'
import type { Answer, PeerId, Reply, Request } from '../ports/messages.ts'
import type { LockRoom } from '../lock/lock-room.ts'
import type { RequestHandler } from '../ports/network.ts'
import type { StopSignal } from '../base/abort.ts'
import { PotluckError } from '../base/errors.ts'
import type { GaugedRooms } from './gauges.ts'

/** The rooms of a node. */
export type Inside = GaugedRooms

type Asked = {
  readonly from: PeerId
  readonly question: LeaseQuestion
  readonly signal: StopSignal
}

/** What this node answers to each thing that a peer may ask. */
export function answering(inside: Inside): RequestHandler {
  const { fetcher, server, shard, rooms, warms, rumors, writings, locks } = inside
  return async (from, request, options) => {
    fetcher.heard(from)
    switch (request.type) {
      case 'want':
        return replyWith(server.answer(from, request.want, options))
      case 'holding':
        return { type: 'held', held: request.keys.map((key) => shard.has(key)) }
      case 'describe':
        return { type: 'description', description: rooms.describe(request.volume) }
      case 'warm':
        warms.begin(rooms.get(request.volume), request)
        return { type: 'done' }
      case 'traces':
      case 'trace':
        return rooms.traces.answer(request)
      case 'change':
        return writings.forPeers.answer(from, request)
      case 'changes':
        writings.checkSource(request.volume)
        return { type: 'done' }
      case 'lock':
        return { type: 'lock', answer: await locks.answer(from, request.question, options.signal) }
      case 'keep':
        return keep(inside, request)
      case 'heat':
        return { type: 'heat', answer: rooms.answerHeat(from, request.question) }
      case 'lease': {
        const asked = { from, question: request.question, signal: options.signal }
        return { type: 'lease', answer: await leaseAnswer(locks, asked) }
      }
      case 'dirty':
        return { type: 'dirty', answer: await writings.back.answer(from, request.question) }
      default:
        return rumors.answer(request)
    }
  }
}

/** @throws PotluckError UNKNOWN_VOLUME where nobody would ask for it; CORRUPT, BUSY */
function keep({ rooms, fetcher }: Inside, { of, block }: Request & { type: 'keep' }): Reply {
  rooms.get(of.volume)
  fetcher.lending.keep(of, block)
  return { type: 'done' }
}

/** At once what is here: most wants are for that. */
function replyWith(answer: Answer | Promise<Answer>): Reply | Promise<Reply> {
  if (answer instanceof Promise) return answer.then(replyWith)
  return { type: 'answer', answer }
}

/** @throws PotluckError ENOTSUP where no volume is strict */
function leaseAnswer(
  { leases }: LockRoom,
  { from, question, signal }: Asked,
): Promise<LeaseAnswer> {
  if (leases !== undefined) return leases.answer(from, question, signal)
  throw new PotluckError('ENOTSUP', 'no volume is strict here')
}
