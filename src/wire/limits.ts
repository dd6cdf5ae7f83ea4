// The room that gives messages their bytes. Everything that crosses the network is encoded here
// and, on the way in, checked here *before* anything else sees it: lengths, counts, characters,
// enum values, and that nothing is left over at the end. Whoever gets a decoded message may rely on
// its shape, and on paths that can't climb out of a volume; nobody may rely on its truth.
//
// Why an own binary encoding: a want costs 14 to 20 microseconds altogether, and JSON or protobuf
// alone would take as long. Numbers are little-endian, counts and sizes are varints (LEB128), byte
// strings (paths, names, keys) are one byte a character, block payloads are never copied: the
// encoder returns them beside the head, the decoder is fed an exactly-sized buffer.
//
// It must never do I/O, keep state between messages, or accept what it would not itself encode.

/** Grows whenever bytes change their meaning; part of the protocol id, so versions never mix. */
export const WIRE_VERSION = 15

export const MAX_NAME_BYTES = 255
/**
 * From the volume's root. A program may use paths of 4,095 bytes from wherever it is, so a tree may be
 * deeper than that.
 */
export const MAX_PATH_BYTES = 16_384
export const MAX_VOLUME_BYTES = 255
/** A number of at most 20 digits, and for a nested mount '@' and the path of the mount point. */
export const MAX_INODE_BYTES = 21 + MAX_PATH_BYTES
export const MAX_INODE_DIGITS = 20
export const MAX_PEER_ID_BYTES = 128
export const KEY_BYTES = 32

/** The largest block of any kind, and so the largest payload of a reply. */
export const MAX_BLOCK_BYTES = 4 * 1024 * 1024
/** What one write may bring, and what may be around it. */
export const MAX_WRITE_BYTES = 1024 * 1024
/** A whole request: one write, or much less. */
export const MAX_REQUEST_BYTES = MAX_WRITE_BYTES + 512 * 1024
/** What one change leaves behind. */
export const MAX_CHANGE_NEWS = 16
/** Supplementary groups of a caller: as many as Linux has. */
export const MAX_GROUPS = 65_536
/** One extended attribute: as much as Linux takes. */
export const MAX_XATTR_BYTES = 65_536
/** A reply without its payload. */
export const MAX_REPLY_HEAD_BYTES = 4 * 1024 * 1024
/** One message over gossip. */
export const MAX_GOSSIP_BYTES = 512 * 1024

/** Keys in one `holding`, and so answers in one `held`. */
export const MAX_KEYS = 1_024
export const MAX_REFERRALS = 16
export const MAX_INVALIDATIONS = 8_192
/** News that come with a page. */
export const MAX_PAGE_NEWS = 1_024
/** Rumors in one reply to `repair`. */
export const MAX_RUMORS = 1_024
/** One for each publisher that a peer has ever heard of. */
export const MAX_HEADS = 65_536
export const MAX_WARM_PATHS = 4_096
/** Access traces that one peer tells another of. */
export const MAX_NOTICES = 1_024
export const MAX_TRACE_NAME_BYTES = 128
/** A failure's text is cut to this when it is sent. */
export const MAX_FAILURE_BYTES = 1_024
/** A directory is split into at most this many parts. */
export const MAX_SPLITS = 1_048_576
/** Inodes whose rates one peer tells another at once. */
export const MAX_RATES = 256
/** Pinned files in one message over gossip, which they fill only if their paths are very long. */
export const MAX_PINS = 256
/** Paths that people have pinned, or unpinned since. */
export const MAX_WISHES = 1_024
/** On the roll of those who keep locks. */
export const MAX_KEEPERS = 16
/** What one peer may hold of one inode, as its processes would have to hold as many locks. */
export const MAX_LOCKS_OF_INODE = 8_192
/** Inodes in one claim, or one hand-over. */
export const MAX_LOCK_RECORDS = 4_096
/** Rumors that must be heard before a lock is of use. */
export const MAX_LOCK_HEADS = 32
/** Inodes in one question about leases. */
export const MAX_LEASED_INODES = 512
/** Rumors that must be heard before an inode may be used. */
export const MAX_LEASED_HEADS = 4
