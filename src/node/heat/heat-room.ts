// Heat, for all volumes of a node: what is used how often here and in the mesh, what is pinned for it,
// and what people pinned by hand. Once a second it reports, decides, and holds.
//
// It must never hold more than the share of RAM for pins (the shard sees to that), and never stand in
// the way of a read: everything here may be late, or lost.
import type { HeatAnswer, HeatQuestion, PinWish } from '../../ports/heat/heat-messages.ts'
import type { Gossip, Inode, Path, PeerId, Want } from '../../ports/messages.ts'
import type { Random } from '../../ports/random.ts'
import { PotluckError } from '../../base/errors.ts'
import { HeatHistory } from '../../heat/rates/heat-history.ts'
import type { Uses } from '../../heat/rates/uses.ts'
import { PinList } from '../../heat/pins/pin-list.ts'
import { Remembered } from '../../heat/pins/remembered.ts'
import { Wishes } from '../../heat/pins/wishes.ts'
import type { Heat, HeatInit, HeatStatus } from './heat-status.ts'
import { filesOf } from './heat-status.ts'
import { PinHolder, type PinHolderInit } from './pin-holder.ts'
import { PinKeeper, type PinKeeperInit } from './pin-keeper.ts'
import { RateMesh, type RateMeshInit, REPORT_MS } from './rate-mesh.ts'

const USES_MAX = 1_024
/** More than this of the RAM in use, and blocks will soon have to go for others. */
const TIGHT_SHARE = 0.75
const SAMPLE_MS = 10_000
const SAMPLE_FILES = 16
/** Of what pins a file, what is used less is not spoken of. */
const REPORT_SHARE = 1 / 256
/** What a node remembers from before is told so often until another knows it, too. */
const REMIND_MS = 20_000

export type HeatRoomInit = Omit<RateMeshInit, 'uses' | 'reportAbove' | 'isTight'> &
  Omit<PinKeeperInit, 'thresholds' | 'pins' | 'wishes'> &
  Omit<PinHolderInit, 'pins'> & {
    readonly random: Random
    readonly heat: HeatInit
    /** A volume's id. @throws PotluckError UNKNOWN_VOLUME */
    readonly idOf: (name: string) => string
    /** A file is no longer pinned: what is dirty of it may go to the source. @default nothing is */
    readonly onUnpin?: (volume: string, inode: Inode) => void
    /** Wishes that this node knows from before its start. */
    readonly wishes?: readonly PinWish[]
    /** Told of all wishes whenever one is new. */
    readonly onWishes?: (wishes: readonly PinWish[]) => void
  }

export class HeatRoom implements Heat {
  readonly #init: HeatRoomInit
  readonly #rates: RateMesh
  readonly #pins: PinList
  readonly #wishes = new Wishes()
  readonly #remembered: Remembered
  readonly #keeper: PinKeeper
  readonly #holder: PinHolder
  readonly #history = new HeatHistory(SAMPLE_MS)
  readonly #unsubscribe: () => void
  #cancel: (() => void) | undefined
  #isDeciding = false

  constructor(init: HeatRoomInit) {
    const { halfLifeMs, pinAbove } = init.heat
    this.#init = init
    this.#pins = new PinList({ onUnpin: (...file) => init.onUnpin?.(...file) })
    this.#rates = new RateMesh({
      ...init,
      uses: { halfLifeMs, capacity: USES_MAX },
      isTight: () => this.#isTight,
      reportAbove: pinAbove * REPORT_SHARE,
    })
    const parts = { ...init, thresholds: init.heat, pins: this.#pins, wishes: this.#wishes }
    this.#keeper = new PinKeeper(parts)
    this.#holder = new PinHolder(parts)
    this.#unsubscribe = init.rumors.subscribe((gossip) => this.#hear(gossip))
    const { clock, random, wishes = [] } = init
    const known = wishes.filter((wish) => this.#wishes.take(wish, clock.now()))
    const firstMs = clock.now() + REMIND_MS * random.next()
    this.#remembered = new Remembered(known, { firstMs, everyMs: REMIND_MS })
  }

  /** At different moments on different nodes. */
  start(): void {
    this.#tickLater(REPORT_MS * this.#init.random.next())
  }

  stop(): void {
    this.#unsubscribe()
    this.#cancel?.()
    this.#holder.stop()
  }

  /** Whom a volume tells of what is used. */
  usesOf(volume: string): Uses {
    return this.#rates.usesOf(volume)
  }

  /** Of a block; 1 where it is not known to be hot. */
  copiesOf({ volume, inode, kind }: Want): number {
    if (kind !== 'data' || this.#pins.size === 0) return 1
    return this.#pins.find(volume, inode, 'heat')?.copies ?? 1
  }

  answer(from: PeerId, question: HeatQuestion): HeatAnswer {
    if (question.step === 'rates') return this.#rates.answer(from, question)
    return { step: 'wishes', wishes: this.#wishes.all() }
  }

  /** Learns what people wished before this node came. */
  async compareWith(peer: PeerId): Promise<void> {
    const question = { step: 'wishes' } as const
    const reply = await this.#init.network.request(peer, { type: 'heat', question })
    if (reply.type !== 'heat' || reply.answer.step !== 'wishes') return
    for (const wish of reply.answer.wishes) this.#hearWish(wish)
  }

  /** @throws PotluckError ENOSPC where too many paths are pinned already */
  wish(name: string, path: Path, isPinned: boolean): void {
    const { clock, idOf } = this.#init
    const volume = idOf(name)
    const before = this.#wishes.find(volume, path)
    if (!isPinned && before?.isPinned !== true) {
      throw new PotluckError('ENOENT', this.#whyNotPinned(volume, path))
    }
    const wishedMs = Math.max(clock.now(), (before?.wishedMs ?? 0) + 1)
    const wish = { volume, path, isPinned, wishedMs }
    this.#take(wish)
    this.#tell(wish)
  }

  status(): HeatStatus {
    const { shard, heat } = this.#init
    return {
      ...heat,
      pinnedBytes: shard.pinnedBytes,
      pinCapacityBytes: shard.pinCapacityBytes,
      blocksToHold: this.#holder.blocks,
      isTight: this.#isTight,
      files: filesOf(this.#init, this.#pins, this.#rates),
      wishes: this.#wishes.all().filter(({ isPinned }) => isPinned),
      samples: this.#history.samples,
    }
  }

  get #isTight(): boolean {
    const { usedBytes, capacityBytes } = this.#init.shard
    return usedBytes > capacityBytes * TIGHT_SHARE
  }

  pins(): ReturnType<Heat['pins']> {
    const { pinnedBytes: bytes, pinCapacityBytes: capacityBytes } = this.#init.shard
    return { files: this.#pins.size, bytes, capacityBytes }
  }

  #tickLater(delayMs: number): void {
    this.#cancel = this.#init.clock.after(delayMs, () => {
      this.#tick()
      this.#tickLater(REPORT_MS)
    })
  }

  #tick(): void {
    const { clock } = this.#init
    this.#pins.sweep(clock.now())
    for (const wish of this.#remembered.due(clock.now())) this.#tell(wish)
    const totals = this.#rates.report()
    if (!this.#isDeciding) void this.#decide(totals)
    this.#holder.tend()
    this.#history.note(clock.now(), () => ({
      files: filesOf(this.#init, this.#pins, this.#rates)
        .slice(0, SAMPLE_FILES)
        .map(({ volume, path, meshPerSecond }) => ({ volume, path, perSecond: meshPerSecond })),
    }))
  }

  /** What is decided may take a look into the tree: the next tick does not wait for it. */
  async #decide(totals: ReturnType<RateMesh['report']>): Promise<void> {
    this.#isDeciding = true
    try {
      await this.#keeper.heed(totals)
      await this.#keeper.grant()
    } finally {
      this.#isDeciding = false
    }
  }

  #hear(gossip: Gossip): void {
    if (gossip.type !== 'heat') return
    const { news } = gossip
    if (news.step === 'wish') return this.#hearWish(news.wish)
    const untilMs = this.#init.clock.now() + news.forMs
    const { volume, cause } = news
    for (const file of news.files) {
      const floor = this.#init.floors.floor(volume, file.inode)
      if (this.#pins.take({ ...file, volume, cause, untilMs, floor })) continue
      this.#init.counters.add('pins_without_room_total')
    }
    return undefined
  }

  #tell(wish: PinWish): void {
    const { rumors, table } = this.#init
    const news = { step: 'wish', wish } as const
    rumors.publish({ type: 'heat', publisher: table.self.peer, news })
  }

  #hearWish(wish: PinWish): void {
    this.#remembered.heard(wish)
    try {
      this.#take(wish)
    } catch {
      // Of more than a node may know, nothing is pinned.
      this.#init.counters.add('pins_without_room_total')
    }
  }

  #take(wish: PinWish): void {
    if (!this.#wishes.take(wish, this.#init.clock.now())) return
    this.#init.onWishes?.(this.#wishes.all())
    if (wish.isPinned) return
    const { volume, path } = wish
    for (const pin of this.#pins.all()) {
      if (pin.cause !== 'wish' || pin.volume !== volume || !isBelow(pin.path, path)) continue
      if (!this.#isWished(volume, pin.path)) this.#pins.take({ ...pin, copies: 0 })
    }
  }

  #isWished(volume: string, path: Path): boolean {
    return this.#wishAbove(volume, path) !== undefined
  }

  #wishAbove(volume: string, path: Path): PinWish | undefined {
    return this.#wishes
      .all()
      .find((wish) => wish.isPinned && wish.volume === volume && isBelow(path, wish.path))
  }

  #whyNotPinned(volume: string, path: Path): string {
    const above = this.#wishAbove(volume, path)
    const because = above === undefined ? '' : `; ${named(above.path)} is, with all below it`
    return `${named(path)} is not pinned by hand${because}`
  }
}

function named(path: Path): string {
  return path === '' ? 'the whole volume' : `'${path}'`
}

function isBelow(path: Path, above: Path): boolean {
  return above === '' || path === above || path.startsWith(`${above}/`)
}
