import type { Connection, Stream } from '@libp2p/interface'
import type { PotluckError } from '../../../src/base/errors.ts'
import type { Log } from '../../../src/base/log.ts'
import type { PeerId } from '../../../src/ports/messages.ts'
import type { Link } from './link.ts'
import type { HandlerSlot } from './services.ts'

/** Frames that are not requests: their meaning lies with whoever keeps the contacts. */
export type LinkListener = {
  /** The peer has proved the mesh key. */
  opened(link: Link): void
  closed(link: Link, error: PotluckError): void
  contacts(link: Link, body: Buffer): void
  departed(link: Link, body: Buffer): void
  digest(link: Link, body: Buffer): void
  /** The contacts closest to the position in the body, encoded. */
  find(link: Link, body: Buffer): Uint8Array
  goodbye(link: Link, leaves: boolean): void
}

export type LinkInit = {
  readonly connection: Connection
  readonly stream: Stream
  readonly self: PeerId
  readonly mesh: string
  readonly meshKey: Uint8Array
  readonly slot: HandlerSlot
  readonly listener: LinkListener
  readonly log: Log
}

/** Ticks of the liveness check since anything came from the peer. */
export type Silence = {
  ticks: number
  pinged: boolean
  /** It lasted so long that the link was closed for it. */
  isDeath: boolean
}
