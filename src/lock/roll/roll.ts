// Who keeps the locks of a mesh. The roll is a numbered list of at most 16 peers; the first seven of it,
// the voters, agree on the next one by Paxos, and vouch for whoever acts by the newest.
//
// Why not simply the peers closest to each lock's key: peers that are cut off from each other see
// different ones as the closest, and each side would grant. So what must be agreed on is the list, once,
// and not each lock; what changes with it is arithmetic. It must never shrink below a majority of the
// voters for no better reason than silence.
import { hash } from 'node:crypto'
import assert from 'node:assert/strict'
import type { Member, Roll } from '../../ports/locks.ts'
import type { Key, PeerId } from '../../ports/messages.ts'
import { positionOf } from '../../block/key.ts'
import { compareDistance } from '../../placement/distance.ts'
import type { Place } from '../place.ts'

/** So many share the work; more would only mean more hand-overs. */
export const KEEPERS_MAX = 16
/** The longest-serving keepers decide on the next roll; three of seven may be silent. */
export const VOTERS = 7

export function nameOf({ peer, epoch }: Member): string {
  return `${epoch} ${peer}`
}

export function isSame(a: Member, b: Member): boolean {
  return a.peer === b.peer && a.epoch === b.epoch
}

export function has(members: readonly Member[], member: Member): boolean {
  return members.some((one) => isSame(one, member))
}

export function votersOf({ keepers }: Roll): readonly Member[] {
  return keepers.slice(0, VOTERS)
}

export function majorityOf(roll: Roll): number {
  return Math.floor(votersOf(roll).length / 2) + 1
}

export function isSameRoll(a: Roll, b: Roll): boolean {
  return a.number === b.number && isSame(a.founder, b.founder)
}

/** The later of one mesh; of two meshes that have met, the one that saw more changes. */
export function isNewer(roll: Roll, than: Roll | undefined): boolean {
  if (than === undefined) return true
  if (roll.number !== than.number) return roll.number > than.number
  return nameOf(roll.founder) > nameOf(than.founder)
}

export function firstRoll(founder: Member): Roll {
  return { founder, number: 1, keepers: [founder], previous: [] }
}

export function nextRoll(roll: Roll, keepers: readonly Member[]): Roll {
  assert(keepers.length > 0 && keepers.length <= KEEPERS_MAX, `${keepers.length} keepers`)
  return { founder: roll.founder, number: roll.number + 1, keepers, previous: roll.keepers }
}

const positions = new Map<PeerId, Key>()
const POSITIONS_MAX = 4_096

function placeOf(peer: PeerId): Key {
  const known = positions.get(peer)
  if (known !== undefined) return known
  if (positions.size >= POSITIONS_MAX) positions.clear()
  const position = positionOf(peer)
  positions.set(peer, position)
  return position
}

/** Who keeps the locks of an inode: the one closest to its lock record. */
export function keeperOf(keepers: readonly Member[], { volume, inode }: Place): Member {
  const key = keepers.length === 1 ? '' : hash('sha256', `${volume}\0${inode}\0lock`, 'binary')
  const [first, ...others] = keepers
  assert(first !== undefined, 'a roll of nobody')
  return others.reduce(
    (best, one) => (compareDistance(key, placeOf(one.peer), placeOf(best.peer)) < 0 ? one : best),
    first,
  )
}
