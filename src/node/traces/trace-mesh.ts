// How all nodes come to know a trace: who has a new one says so over gossip, and everybody fetches it
// from a peer closer to its key, which fetches it as well: a tree, as for blocks, so that no node has to
// hand it to all. A newcomer asks the first peer that it meets for a list.
//
// Traces are hints: a lost one costs time, so nothing here is repeated or repaired. Nothing that comes
// in is believed before it has been decoded and is what was told of.
import type { Clock } from '../../ports/clock.ts'
import type { Answer, PeerId, Reply, Request, TraceNotice } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import type { Random } from '../../ports/random.ts'
import type { Rumors } from '../../ports/rumors.ts'
import type { Counters } from '../../base/counters.ts'
import { PotluckError } from '../../base/errors.ts'
import { checksumOf } from '../../block/checksum.ts'
import { positionOf } from '../../block/key.ts'
import { decodeTrace, encodeTrace } from '../../heat/trace-format.ts'
import { isTraceName, MAX_TRACE_BYTES, type Trace } from '../../heat/trace.ts'
import type { Traces } from '../../heat/traces.ts'
import type { PeerTable } from '../../placement/peer-table.ts'
import { MAX_NOTICES } from '../../wire/limits.ts'

/** Everybody hears of a trace at once, and asks within this time. */
const SPREAD_MS = 500
/** A clock may be ahead by this much; from further ahead nothing newer could ever follow. */
/** Two may wait for each other; then nobody has it yet. */
const PATIENCE_MS = 3_000
const FUTURE_MS = 3_600_000

export type TraceMeshInit = {
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
  readonly rumors: Rumors
  readonly table: PeerTable
  readonly counters: Counters
  /** By a volume's id; undefined where its starts are not watched. */
  readonly tracesOf: (volume: string) => Traces | undefined
}

export class TraceMesh {
  readonly #init: TraceMeshInit
  readonly #random: Random
  /** The newest word of each trace, by volume and name. */
  readonly #known = new Map<string, TraceNotice>()
  readonly #bringing = new Map<string, Promise<void>>()
  readonly #cancels = new Set<() => void>()
  readonly #unsubscribe: () => void

  constructor(init: TraceMeshInit) {
    this.#init = init
    this.#random = init.random.fork('traces')
    this.#unsubscribe = init.rumors.subscribe((gossip, from) => {
      if (gossip.type === 'trace') this.#hear(gossip.notice, from)
    })
  }

  stop(): void {
    this.#unsubscribe()
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  /** Tells everyone of a trace that is new here; `undefined`: it was deleted. */
  tell(volume: string, name: string, trace: Trace | undefined): void {
    const notice = this.#noticeOf(volume, name, trace)
    if (notice === undefined) return
    const { rumors, table } = this.#init
    this.#remember(notice)
    rumors.publish({ type: 'trace', publisher: table.self.peer, notice })
  }

  /** Learns what a peer knows. */
  async compareWith(peer: PeerId): Promise<void> {
    const reply = await this.#init.network.request(peer, { type: 'traces' })
    if (reply.type === 'traces') for (const notice of reply.traces) this.#hear(notice, peer)
  }

  async answer(request: Extract<Request, { type: 'traces' | 'trace' }>): Promise<Reply> {
    if (request.type === 'traces') return { type: 'traces', traces: this.#notices() }
    const { volume, name } = request
    await Promise.race([this.#bringing.get(placeOf(request)), this.#pause(PATIENCE_MS)])
    const trace = this.#init.tracesOf(volume)?.store.get(name)
    const bytes = trace === undefined ? undefined : encodeTrace(trace)
    if (bytes === undefined) return { type: 'answer', answer: { type: 'missing' } }
    const block = { stamp: 0, version: 0, checksum: checksumOf(bytes), bytes }
    return { type: 'answer', answer: { type: 'block', block } }
  }

  /** What this node has: told of by others, or known from its own past. */
  #notices(): TraceNotice[] {
    return [...this.#known.values()].slice(-MAX_NOTICES)
  }

  #noticeOf(volume: string, name: string, trace: Trace | undefined): TraceNotice | undefined {
    const now = this.#init.clock.now()
    if (trace === undefined) return { volume, name, recordedMs: now, bytes: 0, checksum: 0 }
    const bytes = encodeTrace(trace)
    if (bytes.length > MAX_TRACE_BYTES) return undefined
    const { recordedMs } = trace
    return { volume, name, recordedMs, bytes: bytes.length, checksum: checksumOf(bytes) }
  }

  #remember(notice: TraceNotice): void {
    const place = placeOf(notice)
    this.#known.delete(place)
    this.#known.set(place, notice)
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_NOTICES && oldest !== undefined) this.#known.delete(oldest)
  }

  #hear(notice: TraceNotice, from: PeerId): void {
    const { clock, tracesOf } = this.#init
    const traces = tracesOf(notice.volume)
    if (traces === undefined || !isTraceName(notice.name)) return
    if (notice.recordedMs > clock.now() + FUTURE_MS) return
    const place = placeOf(notice)
    const newest = Math.max(
      this.#known.get(place)?.recordedMs ?? 0,
      traces.store.get(notice.name)?.recordedMs ?? 0,
    )
    if (notice.recordedMs <= newest || notice.bytes > MAX_TRACE_BYTES) return
    this.#remember(notice)
    traces.learning.holdBack()
    if (notice.bytes === 0) return traces.take(notice.name, undefined)
    const bringing = this.#pause(this.#random.next() * SPREAD_MS).then(() =>
      this.#bring(notice, from, traces),
    )
    const ended = bringing
      .catch(() => this.#init.counters.add('traces_failed_total'))
      .finally(() => {
        if (this.#bringing.get(place) === ended) this.#bringing.delete(place)
      })
    this.#bringing.set(place, ended)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#init.clock.after(ms, () => {
        this.#cancels.delete(cancel)
        resolve()
      })
      this.#cancels.add(cancel)
    })
  }

  /** From whoever is closer to it, else from who told of it. */
  async #bring(notice: TraceNotice, from: PeerId, traces: Traces): Promise<void> {
    const { volume, name } = notice
    const closer = this.#init.table.nextHop(positionOf(`trace ${volume} ${name}`))?.peer
    const peers = closer === undefined ? [from] : [closer, from]
    for (const peer of peers) {
      // One after the other: the second is for where the first has not heard of it.
      const trace = await this.#ask(peer, notice).catch(() => undefined)
      if (trace === undefined) continue
      this.#init.counters.add('traces_fetched_total')
      return traces.take(name, trace)
    }
    throw new PotluckError('UNREACHABLE', `nobody has the trace '${name}'`)
  }

  async #ask(peer: PeerId, notice: TraceNotice): Promise<Trace | undefined> {
    const { volume, name, checksum } = notice
    const reply = await this.#init.network.request(peer, { type: 'trace', volume, name })
    const answer: Answer | undefined = reply.type === 'answer' ? reply.answer : undefined
    if (answer?.type !== 'block' || checksumOf(answer.block.bytes) !== checksum) return undefined
    const trace = decodeTrace(answer.block.bytes)
    return trace.name === name ? trace : undefined
  }
}

function placeOf({ volume, name }: Pick<TraceNotice, 'volume' | 'name'>): string {
  return `${volume}\0${name}`
}
