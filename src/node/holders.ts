// Which peers hold a file's blocks: asks those near its keys, and in a small mesh everybody.
import type { Key, Path } from '../ports/messages.ts'
import type { Network } from '../ports/network.ts'
import type { Contact } from '../ports/routing.ts'
import { PotluckError } from '../base/errors.ts'
import type { PeerTable } from '../placement/peer-table.ts'
import { compareDistance } from '../placement/distance.ts'
import type { Shard } from '../shard/shard.ts'
import { keyOf } from '../block/key.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import { pagesOf, resolve } from '../tree/walk.ts'
import type { Holder } from './mesh-node.ts'
import type { VolumeRoom } from './volumes/volume-room.ts'

const PEERS_ASKED = 256
const KEYS_A_REQUEST = 1024

export type HolderPorts = {
  readonly network: Network
  readonly table: PeerTable
  readonly shard: Shard
}

type Question = { readonly path: Path; readonly signal?: AbortSignal }

/** @throws PotluckError ENOENT for a path that is not there */
export async function findHolders(
  ports: HolderPorts,
  room: VolumeRoom,
  question: Question,
): Promise<{ blocks: number; holders: readonly Holder[] }> {
  const { record } = await resolve(room.tree, question.path, question)
  if (record === undefined) throw new PotluckError('ENOENT', `'${question.path}' does not exist`)
  const keys = await keysOf(room, record, question.signal)
  const first = keys[0]
  if (first === undefined) return { blocks: 0, holders: [] }
  const { self } = ports.table
  const contacts = ports.table.closest(first, PEERS_ASKED)
  const homes = new Set(keys.map((key) => homeOf(key, [self, ...contacts])))
  const own = keys.filter((key) => ports.shard.has(key)).length
  const counts = await Promise.all(contacts.map((contact) => ask(ports, contact, keys)))
  const holders = [self, ...contacts].map((contact, i) => ({
    peer: contact.peer,
    blocks: i === 0 ? own : (counts[i - 1] ?? 0),
    isHome: homes.has(contact.peer),
  }))
  return { blocks: keys.length, holders: holders.filter((holder) => holder.blocks > 0) }
}

/** The keys of all blocks of a file, or of all pages of a directory. */
async function keysOf(
  { id, tree, volume }: VolumeRoom,
  record: InodeRecord,
  signal?: AbortSignal,
): Promise<Key[]> {
  const { attributes } = await tree.attributes(record, { signal })
  const at = { volume: id, inode: record.inode }
  if (attributes.type === 'directory') {
    const pages = await pagesOf(tree, record, { signal })
    const splits = pages[0]?.page.splits ?? 0
    const head = keyOf({ ...at, kind: 'page', index: 0, splits: 0 })
    const parts = splits === 0 ? [] : pages
    return [head, ...parts.map((_, i) => keyOf({ ...at, kind: 'page', index: i + 1, splits }))]
  }
  const blocks = Math.ceil(attributes.size / volume.blockBytes)
  return Array.from({ length: blocks }, (_, index) =>
    keyOf({ ...at, kind: 'data', index, splits: 0 }),
  )
}

function homeOf(key: Key, contacts: readonly Contact[]): string | undefined {
  let best = contacts[0]
  for (const contact of contacts) {
    if (best === undefined || compareDistance(key, contact.position, best.position) < 0)
      best = contact
  }
  return best?.peer
}

async function ask(ports: HolderPorts, contact: Contact, keys: readonly Key[]): Promise<number> {
  let held = 0
  try {
    for (let from = 0; from < keys.length; from += KEYS_A_REQUEST) {
      const part = keys.slice(from, from + KEYS_A_REQUEST)
      const reply = await ports.network.request(contact.peer, { type: 'holding', keys: part })
      if (reply.type === 'held') held += reply.held.filter(Boolean).length
    }
  } catch {
    // A peer that can't be reached holds nothing for us.
    return held
  }
  return held
}
