// INIT: what the kernel offers → what we take. Which flags, and why each.
import { INIT, INIT2, MINOR_WITH_EPOCH } from './flags.ts'
import { ERRNO } from './errno.ts'
import { type InitReply, MAJOR, type Reply } from './reply.ts'

export const NEWEST_MINOR = 45
/** Linux 5.4. Before it CACHE_SYMLINKS, MAX_PAGES and EXPLICIT_INVAL_DATA do not all exist. */
export const OLDEST_MINOR = 31

/** The most that one READ asks for, and one WRITE carries. */
export const MAX_IO_BYTES = 1 << 20
const MAX_PAGES = 256

/** Requests of the background kind (read-ahead, release) that may be with us at once. */
const MAX_BACKGROUND = 64

const WANTED =
  // Several reads of one file at once, as read-ahead needs.
  INIT.ASYNC_READ |
  // A changed mtime seen in attributes drops pages and cached directories: the second line of
  // defence behind the notifies. With EXPLICIT_INVAL_DATA new attributes could stand beside old
  // pages for as long as a notify is under way.
  INIT.AUTO_INVAL_DATA |
  // Always, not as the kernel sees fit: it guesses by the first page of a listing, and then looks up
  // every further name by itself. `du`, `find -size` and `cp -r` list first and look afterwards.
  INIT.DO_READDIRPLUS |
  INIT.PARALLEL_DIROPS |
  // Tells an abort (ECONNABORTED) from an unmount (ENODEV).
  INIT.ABORT_ERROR |
  INIT.MAX_PAGES |
  INIT.CACHE_SYMLINKS |
  INIT.INIT_EXT

const WANTED_WITHOUT_OPENS = INIT.NO_OPEN_SUPPORT | INIT.NO_OPENDIR_SUPPORT

// Handles of forgotten inodes could not be resolved: NFS export says so instead of failing later.
const WANTED2 = INIT2.HAS_EXPIRE_ONLY | INIT2.NO_EXPORT_SUPPORT

export type Offer = {
  readonly major: number
  readonly minor: number
  readonly maxReadahead: number
  readonly flags: number
  readonly flags2: number
}

export type Agreement =
  /** Another major version: the kernel will ask again in ours. */
  | { readonly type: 'again' }
  | { readonly type: 'too-old' }
  | {
      readonly type: 'agreed'
      readonly init: InitReply
      readonly hasExpireOnly: boolean
      readonly hasEpoch: boolean
      readonly hasZeroMessageOpens: boolean
      readonly hasZeroMessageOpendirs: boolean
    }

export type Wishes = { readonly readAheadBytes: number; readonly zeroMessageOpens: boolean }

export function negotiate(offer: Offer, wishes: Wishes): Agreement {
  if (offer.major > MAJOR) return { type: 'again' }
  if (offer.major < MAJOR || offer.minor < OLDEST_MINOR) return { type: 'too-old' }
  const minor = Math.min(offer.minor, NEWEST_MINOR)
  const wanted = WANTED | (wishes.zeroMessageOpens ? WANTED_WITHOUT_OPENS : 0)
  const flags = wanted & offer.flags
  const flags2 = (flags & INIT.INIT_EXT) === 0 ? 0 : WANTED2 & offer.flags2
  const init: InitReply = {
    minor,
    // The kernel takes the smaller of this and the mount's own read-ahead setting.
    maxReadahead: wishes.readAheadBytes,
    flags,
    flags2,
    maxBackground: MAX_BACKGROUND,
    congestionThreshold: (MAX_BACKGROUND * 3) / 4,
    maxWrite: MAX_IO_BYTES,
    maxPages: MAX_PAGES,
  }
  return {
    type: 'agreed',
    init,
    hasExpireOnly: (flags2 & INIT2.HAS_EXPIRE_ONLY) !== 0,
    hasEpoch: minor >= MINOR_WITH_EPOCH,
    hasZeroMessageOpens: (flags & INIT.NO_OPEN_SUPPORT) !== 0,
    hasZeroMessageOpendirs: (flags & INIT.NO_OPENDIR_SUPPORT) !== 0,
  }
}

export function replyToInit(agreement: Agreement): Reply {
  if (agreement.type === 'again') return { type: 'version' }
  if (agreement.type === 'too-old') return { type: 'status', errno: ERRNO.EPROTO }
  return { type: 'init', init: agreement.init }
}
