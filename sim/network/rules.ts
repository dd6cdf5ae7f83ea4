// What may befall a message. The network asks its rules in order, the first that does not say `pass`
// decides (turmoil's way). A rule is a pure function of the message and of randomness it was given,
// so faults are drawn from the seed, and a test may aim at one message.
import type { Gossip, PeerId, Reply, Request } from '../../src/ports/messages.ts'
import type { Random } from '../../src/ports/random.ts'

export type Passage = {
  readonly from: PeerId
  readonly to: PeerId
} & (
  | { readonly kind: 'request'; readonly message: Request }
  | { readonly kind: 'reply'; readonly message: Reply }
  | { readonly kind: 'gossip'; readonly message: Gossip }
)

export type Verdict =
  | { readonly type: 'pass' }
  /** Arrives this long after it was sent, instead of after the usual latency. */
  | { readonly type: 'deliver'; readonly afterMs: number }
  /** Lost; of a request or reply, the connection then stays silent until it counts as dead. */
  | { readonly type: 'drop' }
  /** The connection is refused at once; of gossip, the same as lost. */
  | { readonly type: 'refuse' }
  /** Another reply comes out than went in. */
  | { readonly type: 'alter'; readonly message: Reply }

export type Rule = (passage: Passage) => Verdict

export const PASS: Verdict = { type: 'pass' }
export const DROP: Verdict = { type: 'drop' }
export const REFUSE: Verdict = { type: 'refuse' }

/** Asks the rules in order. */
export function judge(rules: readonly Rule[], passage: Passage): Verdict {
  for (const rule of rules) {
    const verdict = rule(passage)
    if (verdict.type !== 'pass') return verdict
  }
  return PASS
}

/** Loses this share of the messages of some kinds. */
export function lose(random: Random, share: number, kinds: readonly Passage['kind'][]): Rule {
  return (passage) => (kinds.includes(passage.kind) && random.next() < share ? DROP : PASS)
}

/** Slows this share of requests and replies down, up to `maxMs`. */
export function delay(random: Random, share: number, maxMs: number): Rule {
  return (passage) => {
    if (passage.kind === 'gossip' || random.next() >= share) return PASS
    return { type: 'deliver', afterMs: random.next() * maxMs }
  }
}

/** Blocks that come from these peers carry a wrong checksum, as if a bit had flipped. */
export function corrupt(isBad: (from: PeerId) => boolean): Rule {
  return ({ kind, message, from }) => {
    if (kind !== 'reply' || message.type !== 'answer' || !isBad(from)) return PASS
    const { answer } = message
    if (answer.type !== 'block') return PASS
    const block = { ...answer.block, checksum: (answer.block.checksum ^ 1) >>> 0 }
    return { type: 'alter', message: { type: 'answer', answer: { type: 'block', block } } }
  }
}
