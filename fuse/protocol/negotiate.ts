// INIT: what the kernel offers → what we take. Which flags, and why each.
import { INIT, INIT2, MINOR_WITH_EPOCH } from './flags.ts'
import { ERRNO } from './errno.ts'
import { type InitReply, MAJOR, type Reply } from './reply.ts'

const NEWEST_MINOR = 45
/** Linux 5.4. Before it CACHE_SYMLINKS, MAX_PAGES and EXPLICIT_INVAL_DATA do not all exist. */
const OLDEST_MINOR = 31

/** The most that one READ asks for, and one WRITE carries. */
export const MAX_IO_BYTES = 1 << 20
const MAX_PAGES = 256

/** Requests of the background kind (read-ahead, release) that may be with us at once. */
const MAX_BACKGROUND = 64

const WANTED =
  // Several reads of one file at once, as read-ahead needs.
  INIT.ASYNC_READ |
  // Always, not as the kernel sees fit: it guesses by the first page of a listing, and then looks up
  // every further name by itself. `du`, `find -size` and `cp -r` list first and look afterwards.
  INIT.DO_READDIRPLUS |
  INIT.PARALLEL_DIROPS |
  // Tells an abort (ECONNABORTED) from an unmount (ENODEV).
  INIT.ABORT_ERROR |
  INIT.MAX_PAGES |
  INIT.CACHE_SYMLINKS |
  // Access is neither wider nor narrower than on the source. The kernel asks for a list once an inode,
  // for who is not its owner, where the mode's bits for the group could be a list's mask.
  INIT.POSIX_ACL |
  INIT.INIT_EXT

const WANTED_TO_READ =
  // A changed mtime seen in attributes drops pages and cached directories: the second line of
  // defence behind the notifies. With EXPLICIT_INVAL_DATA new attributes could stand beside old
  // pages for as long as a notify is under way.
  INIT.AUTO_INVAL_DATA

const WANTED_TO_WRITE =
  // A file's own pages stay when its attributes come anew: with AUTO_INVAL_DATA a stat after a
  // write would drop all that was written. The session sees to it that no attributes overtake the
  // notify of a change made elsewhere.
  INIT.EXPLICIT_INVAL_DATA |
  INIT.ATOMIC_O_TRUNC |
  INIT.BIG_WRITES |
  INIT.POSIX_LOCKS |
  INIT.FLOCK_LOCKS |
  // The umask comes along, since a default access control list of the directory may overrule it.
  INIT.DONT_MASK |
  // Set-user-id bits are dropped here. The kernel would ask for security.capability at each write.
  INIT.HANDLE_KILLPRIV_V2 |
  INIT.SETXATTR_EXT

const WANTED_WITHOUT_OPENS = INIT.NO_OPEN_SUPPORT | INIT.NO_OPENDIR_SUPPORT

// Handles of forgotten inodes could not be resolved: NFS export says so instead of failing later.
const WANTED2 = INIT2.HAS_EXPIRE_ONLY | INIT2.NO_EXPORT_SUPPORT
// Files without pages can be mapped all the same.
const WANTED2_TO_WRITE = INIT2.DIRECT_IO_ALLOW_MMAP

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

export type Wishes = {
  readonly readAheadBytes: number
  /** Of what is only read: who writes wants to hear of every open. */
  readonly zeroMessageOpens: boolean
  readonly isWritable: boolean
  /** Written pages stay in the kernel until it sees fit. */
  readonly writeBack: boolean
  /** Nothing is believed for longer than it was said to be good. */
  readonly isStrict: boolean
}

function wantedFlags({ zeroMessageOpens, isWritable, writeBack, isStrict }: Wishes): number {
  // With EXPLICIT_INVAL_DATA pages are read for ever, without a look at how old the attributes are.
  if (isWritable && isStrict) {
    return WANTED | WANTED_TO_READ | (WANTED_TO_WRITE & ~INIT.EXPLICIT_INVAL_DATA)
  }
  if (isWritable) return WANTED | WANTED_TO_WRITE | (writeBack ? INIT.WRITEBACK_CACHE : 0)
  return WANTED | WANTED_TO_READ | (zeroMessageOpens ? WANTED_WITHOUT_OPENS : 0)
}

export function negotiate(offer: Offer, wishes: Wishes): Agreement {
  if (offer.major > MAJOR) return { type: 'again' }
  if (offer.major < MAJOR || offer.minor < OLDEST_MINOR) return { type: 'too-old' }
  const minor = Math.min(offer.minor, NEWEST_MINOR)
  const flags = wantedFlags(wishes) & offer.flags
  const wanted2 = WANTED2 | (wishes.isWritable ? WANTED2_TO_WRITE : 0)
  const flags2 = (flags & INIT.INIT_EXT) === 0 ? 0 : wanted2 & offer.flags2
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
