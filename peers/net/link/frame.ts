// The room that says libp2p. A *link* is one long-lived libp2p stream between two peers on which
// everything of ours travels in frames: the membership proof first, then requests, replies,
// cancels, pings and contacts. Why an own multiplexing: a libp2p stream per request costs 280 to
// 470 microseconds of CPU, a frame on an open stream 14 to 20, because frames of one turn of the
// event loop leave in one write. Large replies are cut into slices, so small ones are never stuck
// behind.
//
// The room must never believe a length before it has checked it, keep an unbounded queue, copy a
// block's payload on its way out, or say anything to a peer that has not proved the mesh key.
import { WIRE_VERSION } from '../../../src/wire/limits.ts'

/**
 * A frame: type (1 byte), length of the body (3 bytes), request id (4 bytes), body; little-endian.
 */
export const FRAME_HEADER_BYTES = 8

/** What a frame is. The ids of requests are the asker's; a reply carries the id of its request. */
export const FRAME = {
  /** Dialler to listener: its nonce and the mesh's name. */
  hello: 1,
  /** Listener to dialler: its nonce and its proof. */
  answer: 2,
  /** Dialler to listener: its proof. The link is open behind it. */
  proof: 3,
  /** Either: why it won't talk; it closes right behind this. */
  refused: 4,
  /** A request of src/wire. */
  request: 10,
  /** How long the reply's head and payload are; both follow in `data` frames. */
  reply: 11,
  /** The next bytes of a reply's head and payload. */
  data: 12,
  /** The asker no longer wants the reply. */
  cancel: 13,
  /** So many bytes of `data` were taken in, the sender may send as many more. */
  credit: 14,
  ping: 15,
  pong: 16,
  /** Contacts the sender believes alive, itself among them at first. */
  contacts: 20,
  /** Peers that the sender found dead or gone. */
  departed: 21,
  /** A request for the contacts closest to a position. */
  find: 22,
  /** The sender closes the link on purpose: it leaves the mesh (1), or the link was idle (0). */
  goodbye: 23,
  /**
   * How many contacts the sender has, and a hash of them: who has others answers with `contacts`.
   */
  digest: 24,
} as const

/**
 * Replies are cut into slices of this size: what a small reply waits for at most, per large one.
 */
export const SLICE_BYTES = 64 * 1024
/** Bytes of `data` that may be under way unacknowledged, below libp2p's 4 MiB a stream. */
export const CREDIT_BYTES = 2 * 1024 * 1024
/** A credit frame is sent for each so many bytes taken in. */
export const CREDIT_STEP_BYTES = CREDIT_BYTES / 8
/** Requests outstanding on a link, in each direction; more are answered, or rejected, with BUSY. */
export const MAX_OUTSTANDING = 4_096
/**
 * While replies of so many bytes wait to leave on a link, its further requests wait to be handled.
 */
export const MAX_QUEUED_REPLY_BYTES = 16 * 1024 * 1024
/** Requests and small frames that wait because the peer doesn't read; more closes the link. */
export const MAX_QUEUED_FRAME_BYTES = 8 * 1024 * 1024
/** A frame about contacts. */
export const MAX_CONTACTS_BYTES = 512 * 1024
/** A frame of the membership proof. */
export const MAX_PROOF_BYTES = 512

export function protocolId(): string {
  return `/potluck/link/${WIRE_VERSION}`
}
