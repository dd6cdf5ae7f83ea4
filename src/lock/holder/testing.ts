import type { LockRange } from '../../ports/changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LockAnswer, Member } from '../../ports/locks.ts'
import { abortedError } from '../../base/abort.ts'
import type { Ask } from '../roll/ballots.ts'
import type { Council } from '../roll/council.ts'
import { PATIENCE_MS } from '../terms.ts'
import type { Place } from '../place.ts'
import { unavailable } from './questions.ts'

export type TestingPorts = {
  readonly clock: Clock
  readonly ask: Ask
  readonly council: Council
  readonly keeperOf: (place: Place) => Promise<Member>
  readonly onSilence: (keeper: Member) => void
  readonly pause: (round: number, signal: AbortSignal | undefined) => Promise<void>
}

export type Conflict = LockAnswer & { readonly type: 'conflict' }

/** What stands in the way, and whose it is. @throws PotluckError ENOLCK, ABORTED */
export async function findConflict(
  ports: TestingPorts,
  { range, ...place }: Place & { readonly range: LockRange },
  signal?: AbortSignal,
): Promise<Conflict | undefined> {
  const { clock, ask, council } = ports
  const { epoch } = council.self
  const endMs = clock.now() + PATIENCE_MS
  for (let round = 0; clock.now() < endMs; round++) {
    const keeper = await ports.keeperOf(place)
    const question = { step: 'test', epoch, ...place, range } as const
    const options = signal === undefined ? {} : { signal }
    const answer = await ask(keeper.peer, question, options).catch(() => ports.onSilence(keeper))
    if (signal?.aborted === true) throw abortedError()
    if (answer?.type === 'conflict') return answer
    if (answer?.type === 'free') return undefined
    if (answer?.type === 'refused') council.adopt(answer.roll)
    await ports.pause(round, signal)
  }
  throw unavailable()
}
