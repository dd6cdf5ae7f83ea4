// A keeper asks for a lease back, until it is given or its time is over: whichever is first.
import { Stopper, type StopSignal } from '../../base/abort.ts'
import { sleep } from '../../base/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LeaseAnswer, LeaseQuestion } from '../../ports/leases/lease-messages.ts'
import type { PeerId, Stamp } from '../../ports/messages.ts'
import type { LeaseSession, LeaseSessions } from './lease-sessions.ts'
import { type Entry, noteHead, noteUnknown } from './lease-table.ts'

const AGAIN_MS = 100

export type AskLease = (
  to: PeerId,
  question: LeaseQuestion,
  options?: { readonly signal?: StopSignal },
) => Promise<LeaseAnswer>

export type RecallPorts = {
  readonly clock: Clock
  readonly ask: AskLease
  readonly sessions: LeaseSessions
  readonly now: () => Stamp
}

export type Recalled = {
  readonly entry: Entry
  readonly session: LeaseSession
  readonly keeps: 'shared' | 'nothing'
  /** This life of the keeper. */
  readonly epoch: number
}

/** Resolves once the holder does not use what it was leased any more. */
export async function recall(ports: RecallPorts, what: Recalled): Promise<void> {
  const { clock, sessions, now } = ports
  const { entry, session } = what
  while (entry.grants.has(session)) {
    if (sessions.isOver(session)) {
      // Whoever is silent may have changed it, too, and told nobody.
      if (entry.grants.get(session)?.kind === 'sole') noteUnknown(entry, now)
      entry.grants.delete(session)
    } else if (await askBack(ports, what)) return
    else await sleep(clock, Math.min(AGAIN_MS, leftMs(clock, session)))
  }
}

/** Whether it was given back. */
async function askBack(ports: RecallPorts, what: Recalled): Promise<boolean> {
  const { clock, ask, now } = ports
  const { entry, session, keeps, epoch } = what
  const turn = entry.grants.get(session)?.turn ?? 0
  const stopper = new Stopper()
  const cancel = clock.after(leftMs(clock, session), () => stopper.abort())
  session.recalledMs = Math.min(session.recalledMs, clock.now())
  const { holder } = session
  const question = { step: 'recall', epoch, ...entry.place, turn, keeps } as const
  const answer = await ask(holder.peer, question, { signal: stopper }).catch(() => undefined)
  cancel()
  if (answer?.type !== 'given') return false
  session.recalledMs = Infinity
  const grant = entry.grants.get(session)
  if (grant?.kind === 'sole' && answer.head !== undefined) noteHead(entry, answer.head, now)
  if (grant === undefined || grant.turn > turn) return false
  if (keeps === 'shared') grant.kind = 'shared'
  else entry.grants.delete(session)
  return true
}

function leftMs(clock: Clock, { untilMs }: LeaseSession): number {
  return Math.max(1, untilMs - clock.now() + 1)
}
