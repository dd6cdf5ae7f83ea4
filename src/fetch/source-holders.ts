// The way to the source of a node that has none: ask those who have. Known holders first, the one
// closest to the key before the others, so that all who need a key ask the same one.
import type { Key, PeerId, Want } from '../ports/messages.ts'
import { PotluckError } from '../base/errors.ts'
import { compareDistance } from '../placement/distance.ts'
import { positionOf } from '../block/key.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'
import type { ClimbPorts } from './climb.ts'
import { judge } from './verify.ts'

/** Refusals come quickly, and once one holder is known they are over. */
const ASKED_AT_MOST = 1024

export type HolderTask = {
  readonly key: Key
  readonly want: Want
  readonly signal: AbortSignal
  /** Peers that have read the source for us before; kept up to date here. */
  readonly known: Set<PeerId>
}

/** @throws PotluckError NO_SOURCE where nobody has the source, BUSY, or the errno that it gave */
export async function askSourceHolders(ports: ClimbPorts, task: HolderTask): Promise<SourceAnswer> {
  const { key, known, want } = task
  const others = ports.table.closest(key, ASKED_AT_MOST).map((contact) => contact.peer)
  const inOrder = [...byDistance(key, known), ...others.filter((peer) => !known.has(peer))]
  let isBusy = false
  for (const peer of inOrder) {
    // One after another on purpose: one reader of the source is enough.
    const answer = await askOne(ports, peer, task)
    if (answer === 'busy') isBusy = true
    if (answer === 'busy' || answer === undefined) continue
    known.add(peer)
    return answer
  }
  if (isBusy) throw new PotluckError('BUSY', `the holders of ${want.volume}'s source have no time`)
  const why = `no reachable peer has the source of volume ${want.volume}`
  throw new PotluckError('NO_SOURCE', why)
}

function byDistance(key: Key, peers: ReadonlySet<PeerId>): PeerId[] {
  const placed = [...peers].map((peer) => ({ peer, position: positionOf(peer) }))
  return placed
    .sort((a, b) => compareDistance(key, a.position, b.position))
    .map((contact) => contact.peer)
}

async function askOne(
  ports: ClimbPorts,
  peer: PeerId,
  task: HolderTask,
): Promise<SourceAnswer | 'busy' | undefined> {
  const want: Want = { ...task.want, reach: 'source' }
  try {
    const reply = await ports.network.request(peer, { type: 'want', want }, { signal: task.signal })
    if (reply.type !== 'answer') return undefined
    const { answer } = reply
    if (answer.type === 'changed') return answer
    if (answer.type === 'busy') return 'busy'
    if (answer.type !== 'block') return undefined
    const verdict = judge(answer, want, ports)
    if (verdict === 'good') return answer
    ports.counters.add(`blocks_${verdict}_total`)
    return undefined
  } catch (error) {
    const isMeshError = error instanceof PotluckError && !error.code.startsWith('E')
    if (!isMeshError || task.signal.aborted) throw error
    if (error.code === 'BUSY') return 'busy'
    task.known.delete(peer)
    return undefined
  }
}
