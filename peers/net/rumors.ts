import { randomBytes } from 'node:crypto'
import type { GossipSub, Message, TopicValidatorFn } from '@libp2p/gossipsub'
import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { Log } from '../../src/base/log.ts'
import type { Gossip, PeerId } from '../../src/ports/messages.ts'
import type { Rumors } from '../../src/ports/rumors.ts'
import { decodeGossip, encodeGossip } from '../../src/wire/gossip.ts'
import type { Links } from './link/links.ts'
import { ENVELOPE_BYTES } from './libp2p/gossip-options.ts'

/** Rumors wait for the first peer that listens, but not for ever: later ones repair the gap. */
const WAIT_MS = 5_000
/** A link this young belongs to a peer that may be about to listen; rumors wait for it as well. */
const YOUNG_MS = 1_000
const WAIT_CHECK_MS = 20
const MAX_WAITING = 1_024

export type RumorCounters = { published: number; heard: number; malformed: number }

type Waiting = { readonly data: Uint8Array; readonly sinceMs: number }

/** The port `Rumors` over gossipsub: one topic a mesh. */
export class PeerRumors implements Rumors {
  readonly counters: RumorCounters = { published: 0, heard: 0, malformed: 0 }
  readonly #gossip: GossipSub
  readonly #topic: string
  readonly #self: PeerId
  readonly #log: Log
  readonly #links: Links
  readonly #listeners = new Set<(gossip: Gossip, from: PeerId) => void>()
  /** Distinguishes this life's messages from any other's, together with their number. */
  readonly #life = randomBytes(ENVELOPE_BYTES - 4)
  readonly #decoded = new WeakMap<Uint8Array, Gossip>()
  #number = 0
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(init: { gossip: GossipSub; mesh: string; self: PeerId; links: Links; log: Log }) {
    this.#gossip = init.gossip
    this.#topic = `/potluck/${init.mesh}/rumors/1`
    this.#self = init.self
    this.#log = init.log
    this.#links = init.links
  }

  start(): void {
    const validators = (this.#gossip as { topicValidators?: Map<string, TopicValidatorFn> })
      .topicValidators
    validators?.set(this.#topic, (_from, message) => this.#validate(message))
    this.#gossip.addEventListener('message', (event) => this.#onMessage(event.detail))
    this.#gossip.subscribe(this.#topic)
  }

  publish(gossip: Gossip): void {
    const body = encodeGossip(gossip)
    const data = Buffer.allocUnsafeSlow(ENVELOPE_BYTES + body.length)
    this.#life.copy(data)
    data.writeUInt32LE(this.#number++ >>> 0, ENVELOPE_BYTES - 4)
    data.set(body, ENVELOPE_BYTES)
    this.counters.published++
    if (this.#waiting.length === 0 && this.#hasListener()) this.#send(data)
    else this.#wait(data)
  }

  subscribe(listener: (gossip: Gossip, from: PeerId) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
  }

  /** Someone listens, and nobody whom we have just met is still to begin. */
  #hasListener(): boolean {
    const listening = this.#gossip.getSubscribers(this.#topic)
    if (listening.length === 0) return false
    const young = this.#links.youngerThan(YOUNG_MS)
    if (young.length === 0) return true
    const known = new Set(listening.map(String))
    return young.every((peer) => known.has(peer))
  }

  #wait(data: Uint8Array): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift()
    this.#waiting.push({ data, sinceMs: performance.now() })
    this.#timer ??= setTimeout(() => this.#retry(), WAIT_CHECK_MS)
  }

  #retry(): void {
    this.#timer = undefined
    const now = performance.now()
    this.#waiting = this.#waiting.filter(({ sinceMs }) => now - sinceMs < WAIT_MS)
    if (this.#waiting.length === 0) return
    if (!this.#hasListener()) {
      this.#timer = setTimeout(() => this.#retry(), WAIT_CHECK_MS)
      return
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const { data } of waiting) this.#send(data)
  }

  #send(data: Uint8Array): void {
    this.#gossip.publish(this.#topic, data).catch((error: unknown) => {
      this.#log('debug', `a rumor was not published: ${String(error)}`)
    })
  }

  /** What can't be decoded is neither heard nor passed on. */
  #validate(message: Message): TopicValidatorResult {
    try {
      this.#decoded.set(message.data, decodeGossip(message.data.subarray(ENVELOPE_BYTES)))
      return TopicValidatorResult.Accept
    } catch (error) {
      this.counters.malformed++
      this.#log('warn', `a malformed rumor was dropped: ${String((error as Error).message)}`)
      return TopicValidatorResult.Reject
    }
  }

  #onMessage(message: Message): void {
    if (message.topic !== this.#topic) return
    const gossip = this.#decoded.get(message.data)
    if (gossip === undefined) return
    this.#decoded.delete(message.data)
    const from = publisherOf(gossip)
    if (from === this.#self) return
    this.counters.heard++
    for (const listener of this.#listeners) listener(gossip, from)
  }
}

function publisherOf(gossip: Gossip): PeerId {
  if ('publisher' in gossip) return gossip.publisher
  return gossip.type === 'rumor' ? gossip.rumor.publisher : gossip.head.publisher
}
