import { PotluckError } from '../../../src/base/errors.ts'
import type { Key, PeerId } from '../../../src/ports/messages.ts'
import { KEY_BYTES } from '../../../src/wire/limits.ts'
import { decodeIntroductions } from './contact-codec.ts'
import type { Contacts } from './contacts.ts'
import { deathBy } from './death.ts'
import { FRAME } from '../link/frame.ts'
import type { Links } from '../link/links.ts'
import type { Membership } from './membership.ts'

/** How many closest peers are looked for, Kademlia's k, and asked at once, its alpha. */
export const CLOSEST = 20
const CONCURRENCY = 3
const MAX_ASKED = 256

export type LookupInit = {
  readonly contacts: Contacts
  readonly links: Links
  readonly membership: Membership
}

export type LookupOptions = {
  /** So many of the closest must have been asked. @default CLOSEST */
  readonly count?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Kademlia's iterative search: asks peer after peer for those closest to the key, until no closer
 * one turns up; they are contacts then. On our own links, because kad-dht hashes what it searches
 * for, and a position in the key space is a hash already.
 *
 * @throws PotluckError ABORTED
 */
export async function lookUp(
  init: LookupInit,
  key: Key,
  options: LookupOptions = {},
): Promise<void> {
  const { contacts } = init
  const { count = CLOSEST, signal } = options
  const asked = new Set<PeerId>([contacts.self.peer])
  while (asked.size < MAX_ASKED) {
    const next = contacts
      .closest(key, count)
      .map(({ contact }) => contact.peer)
      .filter((peer) => !asked.has(peer))
      .slice(0, CONCURRENCY)
    if (next.length === 0) return
    if (signal?.aborted === true) throw new PotluckError('ABORTED', 'the lookup was given up')
    for (const peer of next) asked.add(peer)
    await Promise.all(next.map((peer) => ask(init, peer, key)))
  }
}

async function ask({ links, membership }: LookupInit, peer: PeerId, key: Key): Promise<void> {
  try {
    const link = links.get(peer) ?? (await links.connect(peer))
    const found = await link.ask(FRAME.find, decodeIntroductions, (writer) =>
      writer.fixed(key, KEY_BYTES),
    )
    for (const introduction of found) {
      if (introduction.peer !== peer) membership.hear(link, introduction)
    }
  } catch (error) {
    membership.remove(peer, deathBy(error))
  }
}
