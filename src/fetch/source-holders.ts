// The way to the source of a node that has none: ask those who have. Known holders first, the one
// closest to the key before the others, so that all who need a key ask the same one.
import type { Clock } from '../ports/clock.ts'
import type { Key, PeerId, Reply, Want } from '../ports/messages.ts'
import type { Random } from '../ports/random.ts'
import { Stopper, type StopSignal } from '../base/abort.ts'
import { PotluckError } from '../base/errors.ts'
import { compareDistance } from '../placement/distance.ts'
import { positionOf } from '../block/key.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'
import { backOff } from './back-off.ts'
import type { ClimbPorts } from './climb.ts'
import { ALIVE_AFTER_MS, ALIVE_EVERY_MS } from './suspects.ts'
import { isGood } from './verify.ts'

/** Refusals come quickly, and once one holder is known they are over. */
const ASKED_AT_MOST = 1024
/** So many of them may have trouble with it before it counts as the source's own. */
const TROUBLES_MAX = 3
/** For so long those who are busy, or were there before, are looked for again and again. */
const PATIENCE_MS = 10_000
/** The back-off grows no longer then: half a second or so. */
const LONGEST_ROUND = 5

export type HolderPorts = ClimbPorts & { readonly random: Random }

/** Peers that have read a volume's source for us before, and whether there ever were any. */
export type Holders = {
  readonly peers: Set<PeerId>
  wereThere: boolean
  /** When this node started. */
  readonly startedMs: number
}

export class HoldersByVolume {
  readonly #all = new Map<string, Holders>()
  readonly #startedMs: number

  constructor(clock: Clock) {
    this.#startedMs = clock.now()
  }

  of(volume: string): Holders {
    const known = this.#all.get(volume)
    if (known !== undefined) return known
    const holders = { peers: new Set<PeerId>(), wereThere: false, startedMs: this.#startedMs }
    this.#all.set(volume, holders)
    return holders
  }
}

export type HolderTask = {
  readonly key: Key
  readonly want: Want
  readonly signal: StopSignal
  /** Kept up to date here. */
  readonly holders: Holders
  /** Nobody else is asked, and once: there is another way. */
  readonly only?: PeerId | undefined
}

/** Why nobody has answered. */
type Nobody = 'busy' | 'silent' | 'none'

/** @throws PotluckError NO_SOURCE where nobody has the source, BUSY, or the errno that it gave */
export async function askSourceHolders(
  ports: HolderPorts,
  task: HolderTask,
): Promise<SourceAnswer> {
  const { holders, signal } = task
  const startMs = ports.clock.now()
  let wasSilent = false
  for (let round = 0; ; round++) {
    const answer = await askInOrder(ports, task)
    if (typeof answer !== 'string') {
      holders.wereThere = true
      return answer
    }
    // Who was there will be back, or others come; who never was will hardly come now. But who did not
    // answer may have been there: one message that was lost is no reason to give up.
    wasSilent ||= answer === 'silent'
    const isHopeful = answer === 'busy' || wasSilent || holders.wereThere
    // Those who are there have said that they have none; who has just started may know nobody yet.
    const aloneUntilMs = ports.table.size === 0 ? holders.startedMs + PATIENCE_MS : startMs
    const untilMs = isHopeful ? startMs + PATIENCE_MS : aloneUntilMs
    const isOver = task.only !== undefined || ports.clock.now() >= untilMs
    if (isOver) throw refusal(answer, task.want)
    await backOff(ports, Math.min(round, LONGEST_ROUND), signal)
  }
}

function refusal(why: Nobody, { volume }: Want): PotluckError {
  if (why !== 'busy') {
    return new PotluckError('NO_SOURCE', `no reachable peer has the source of volume ${volume}`)
  }
  return new PotluckError('BUSY', `the holders of ${volume}'s source have no time`)
}

async function askInOrder(ports: HolderPorts, task: HolderTask): Promise<SourceAnswer | Nobody> {
  const troubles: unknown[] = []
  let nobody: Nobody = 'none'
  for (const peer of task.only === undefined ? holdersInOrder(ports, task) : [task.only]) {
    // One after another on purpose: one reader of the source is enough.
    const answer = await askOne(ports, peer, task)
    if (answer === 'busy') nobody = 'busy'
    else if (answer === 'silent') nobody = nobody === 'busy' ? nobody : 'silent'
    else if (answer instanceof PotluckError) troubles.push(answer)
    else if (answer !== undefined) {
      task.holders.peers.add(peer)
      return answer
    }
    if (troubles.length === TROUBLES_MAX) break
  }
  if (troubles.length > 0) throw troubles[0]
  return nobody
}

/** Those who have read it before, then all others; who gives no sign of life comes last. */
function* holdersInOrder(
  { table, suspects }: HolderPorts,
  { key, holders }: HolderTask,
): Generator<PeerId> {
  // At one moment: who falls silent when it is asked is not asked once more.
  const split = (peers: readonly PeerId[]) => {
    const silent = new Set(peers.filter((peer) => suspects.has(peer)))
    return [peers.filter((peer) => !silent.has(peer)), silent] as const
  }
  const known = new Set(byDistance(key, holders.peers))
  const [living, silent] = split([...known])
  yield* living
  // Nearly always one has answered by now, and to sort all others costs more than to ask it.
  const others = table.closest(key, ASKED_AT_MOST).map(({ peer }) => peer)
  const [livingOthers, silentOthers] = split(others.filter((peer) => !known.has(peer)))
  yield* livingOthers
  yield* silent
  yield* silentOthers
}

function byDistance(key: Key, peers: ReadonlySet<PeerId>): PeerId[] {
  const placed = [...peers].map((peer) => ({ peer, position: positionOf(peer) }))
  return placed
    .sort((a, b) => compareDistance(key, a.position, b.position))
    .map((contact) => contact.peer)
}

async function askOne(
  ports: HolderPorts,
  peer: PeerId,
  task: HolderTask,
): Promise<SourceAnswer | 'busy' | 'silent' | PotluckError | undefined> {
  const want: Want = { ...task.want, reach: 'source' }
  try {
    const reply = await askWhileAlive(ports, peer, { want, signal: task.signal })
    ports.suspects.heard(peer)
    if (reply.type !== 'answer') return undefined
    const { answer } = reply
    if (answer.type === 'changed') return answer
    if (answer.type === 'busy') return 'busy'
    return answer.type === 'block' && isGood(answer.block, want, ports) ? answer : undefined
  } catch (error) {
    return whatFollows(peer, error, task)
  }
}

/** @throws what has to be told: that we were given up, or what the source itself said */
function whatFollows(
  peer: PeerId,
  error: unknown,
  { signal, holders }: HolderTask,
): 'busy' | 'silent' | PotluckError | undefined {
  if (!(error instanceof PotluckError) || signal.aborted) throw error
  // That one reader's line to the source is broken says nothing of another's.
  if (error.code === 'EIO') return error
  if (error.code.startsWith('E')) throw error
  if (error.code === 'BUSY') return 'busy'
  holders.peers.delete(peer)
  return error.code === 'UNREACHABLE' ? 'silent' : undefined
}

/** @throws PotluckError UNREACHABLE, too, as soon as the peer gives no sign of life */
async function askWhileAlive(
  { clock, network, suspects }: HolderPorts,
  peer: PeerId,
  { want, signal }: { readonly want: Want; readonly signal: StopSignal },
): Promise<Reply> {
  const stopper = new Stopper()
  const giveUp = () => stopper.abort()
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp)
  let isOver = false
  let cancel = (): void => {}
  const look = (delayMs: number) => {
    if (isOver) return
    cancel = clock.after(delayMs, async () => {
      if (await suspects.isAlive(peer)) look(ALIVE_EVERY_MS)
      else stopper.abort()
    })
  }
  look(ALIVE_AFTER_MS)
  try {
    return await network.request(peer, { type: 'want', want }, { signal: stopper })
  } catch (error) {
    if (signal.aborted || !stopper.aborted) throw error
    throw new PotluckError('UNREACHABLE', `${peer} gives no sign of life`, { cause: error })
  } finally {
    isOver = true
    cancel()
    signal.removeEventListener('abort', giveUp)
  }
}
