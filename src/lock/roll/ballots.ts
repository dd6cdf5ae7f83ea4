// Asking the voters, all at once, and waiting for no more of them than needed: the slow and the dead are
// not waited for where the others are enough.
import type { StopSignal } from '../../base/abort.ts'
import type { LockAnswer, LockQuestion, Member, Roll } from '../../ports/locks.ts'
import type { PeerId } from '../../ports/messages.ts'
import type { Council, Vote } from './council.ts'

export type Ask = (
  to: PeerId,
  question: LockQuestion,
  options?: { readonly signal?: StopSignal },
) => Promise<LockAnswer>

/**
 * The votes that were given, at least `needed` of them, or undefined where so many can't be had. A newer
 * roll that somebody knows is adopted. Never rejects.
 */
export function gatherVotes(
  { ask, council }: { readonly ask: Ask; readonly council: Council },
  question: LockQuestion & { readonly roll: Roll },
  { voters, needed }: { readonly voters: readonly Member[]; readonly needed: number },
): Promise<readonly Vote[] | undefined> {
  const given: Vote[] = []
  let left = voters.length
  return new Promise((resolve) => {
    const settle = (vote?: Vote) => {
      left -= 1
      council.adopt(vote?.roll)
      if (vote?.isGiven === true) given.push(vote)
      if (given.length >= needed) resolve(given)
      else if (given.length + left < needed) resolve(undefined)
    }
    if (left < needed) resolve(undefined)
    for (const { peer } of voters) {
      ask(peer, question).then(
        (answer) => settle(answer.type === 'vote' ? answer : undefined),
        () => settle(),
      )
    }
  })
}
