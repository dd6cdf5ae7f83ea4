import { PotluckError } from '../../../src/base/errors.ts'
import { FRAME } from './frame.ts'
import type { Link } from './link.ts'
import type { Links } from './links.ts'

const TICK_MS = 250
// Ticks are counted, not milliseconds, so that our own event loop standing still for a while (which
// makes one tick late) does not look like every peer's silence.
/** While requests are outstanding: ping after half a second of silence, give up after two. */
const ASKING = { ping: 2, dead: 8 }
/** While nothing is outstanding. The dialler's ping, and our pong, do for the listener too. */
const IDLE_DIALLER = { ping: 8, dead: 20 }
const IDLE_LISTENER = { ping: 12, dead: 24 }
/** Links that nobody uses are closed when there are more than this. */
const MAX_IDLE_LINKS = 128
const IDLE_CLOSE_TICKS = 240

/** Watches that the peers at the other ends of the links are alive. */
export class Liveness {
  readonly #links: Links
  readonly #timer: NodeJS.Timeout
  readonly #idleTicks = new WeakMap<Link, number>()

  constructor(links: Links) {
    this.#links = links
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    for (const link of this.#links.all()) {
      const { silence } = link
      const limit = limitOf(link)
      silence.ticks++
      if (silence.pinged && silence.ticks > limit.dead) this.#bury(link)
      else if (!silence.pinged && silence.ticks > limit.ping) {
        silence.pinged = true
        link.tell(FRAME.ping, 0)
      }
      this.#closeIdle(link)
    }
  }

  #bury(link: Link): void {
    link.silence.isDeath = true
    const seconds = (link.silence.ticks * TICK_MS) / 1_000
    link.close(new PotluckError('UNREACHABLE', `${link.peer} was silent for ${seconds} s`))
  }

  #closeIdle(link: Link): void {
    const ticks = link.outstanding > 0 ? 0 : (this.#idleTicks.get(link) ?? 0) + 1
    this.#idleTicks.set(link, ticks)
    if (ticks < IDLE_CLOSE_TICKS || this.#links.size <= MAX_IDLE_LINKS) return
    link.tell(FRAME.goodbye, 0)
    link.close(new PotluckError('UNREACHABLE', 'the link was idle'))
  }
}

function limitOf(link: Link): { readonly ping: number; readonly dead: number } {
  if (link.asking > 0) return ASKING
  return link.connection.direction === 'outbound' ? IDLE_DIALLER : IDLE_LISTENER
}
