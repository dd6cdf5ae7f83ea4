// One node of a world through all its lives, and the programs that run on it.
import assert from 'node:assert/strict'
import type { Attributes, Name, Path, PeerId } from '../src/ports/messages.ts'
import type { Network } from '../src/ports/network.ts'
import type { Rumors } from '../src/ports/rumors.ts'
import type { MeshNode, NodeInit, NodePorts, NodeStatus } from '../src/node/mesh-node.ts'
import { startNode } from '../src/node/start-node.ts'
import type { Volume } from '../src/volume/volume.ts'
import { Life } from './engine/life.ts'
import { type FileRead, listDirectory, readFile, type ReadFileOptions, stat } from './reader.ts'
import { SimSource } from './storage/source.ts'
import { WritableSimSource } from './storage/writing/writable-sim-source.ts'
import type { World } from './world.ts'

const DEFAULT_BLOCK_BYTES = 1024 * 1024

export class WorldNode {
  readonly peer: PeerId
  readonly index: number
  readonly #world: World
  #life: Life
  #network: Network
  #rumors: Rumors
  #epoch = 1
  #mesh: MeshNode | undefined
  #source: SimSource | undefined

  constructor(world: World, place: { readonly peer: PeerId; readonly index: number }) {
    this.#world = world
    this.peer = place.peer
    this.index = place.index
    this.#life = new Life(world.clock, world.skewMs(place.index))
    this.#network = this.#attach()
    this.#rumors = world.rumors.attach({ ...place, life: this.#life })
  }

  get life(): Life {
    return this.#life
  }

  /** Its life number. */
  get epoch(): number {
    return this.#epoch
  }

  get isLiving(): boolean {
    return this.#life.state !== 'dead'
  }

  /** This node's own way to the storage in this life; undefined where it has none. */
  get source(): SimSource | undefined {
    return this.#source
  }

  get mesh(): MeshNode {
    assert(this.#mesh !== undefined, `node ${this.index} has not been started`)
    return this.#mesh
  }

  /** Whether the mesh's own code runs here: a baseline's nodes have none. */
  get hasStarted(): boolean {
    return this.#mesh !== undefined
  }

  get volume(): Volume {
    return this.mesh.volume(this.#world.volumeInit.name)
  }

  status(): NodeStatus {
    return this.mesh.status()
  }

  /** What its shard holds now; none where it does not run. */
  heldBytes(): number {
    return this.isLiving && this.#mesh !== undefined ? this.status().ram.usedBytes : 0
  }

  async start(): Promise<void> {
    const { ports, init } = this.#world.instrument(
      { ports: this.#ports(), init: this.#nodeInit() },
      this,
    )
    this.#mesh = await startNode(ports, init)
  }

  async stop(): Promise<void> {
    if (!this.isLiving) return
    await this.mesh.stop()
    this.end()
    this.#world.network.closed(this.peer)
    this.#world.routing.leave(this.peer)
  }

  end(): void {
    this.#life.end()
  }

  /** Begins the next life; `start` must follow. */
  revive(): void {
    assert(!this.isLiving, `node ${this.index} is not dead`)
    this.#epoch += 1
    this.#life = new Life(this.#world.clock, this.#world.skewMs(this.index))
    this.#network = this.#attach()
    this.#rumors = this.#world.rumors.attach({ peer: this.peer, life: this.#life })
  }

  /** @throws PotluckError what the volume fails with, CLOSED where the node dies meanwhile */
  readFile(path: Path, options?: ReadFileOptions): Promise<FileRead> {
    return this.#life.within(readFile(this.volume, path, options))
  }

  stat(path: Path): Promise<Attributes> {
    return this.#life.within(stat(this.volume, path))
  }

  listDirectory(path: Path): Promise<readonly Name[]> {
    return this.#life.within(listDirectory(this.volume, path))
  }

  invalidate(path: Path, options?: { recursive?: boolean }): Promise<void> {
    return this.#life.within(this.mesh.invalidate(this.#world.volumeInit.name, path, options))
  }

  /** All of this node's state that two equal runs must agree on. */
  summary(): unknown {
    const status = this.isLiving ? this.#mesh?.status() : undefined
    return [this.peer, this.#epoch, this.#life.state, status, this.#source?.counts]
  }

  #attach(): Network {
    const { peer, index } = this
    return this.#world.network.attach({ peer, index, life: this.#life })
  }

  #ports(): NodePorts {
    const { random, routing, contents } = this.#world
    return {
      clock: this.#life,
      random: random.fork(`${this.peer} ${this.#epoch}`),
      network: this.#network,
      routing: routing.port(this.peer),
      rumors: this.#rumors,
      checksum: contents.checksum,
    }
  }

  #nodeInit(): NodeInit {
    const { storage, tree, contents, volumeInit, ramBytes } = this.#world
    const blockBytes = volumeInit.blockBytes ?? DEFAULT_BLOCK_BYTES
    const place = { life: this.#life, node: this.index }
    const intake = (bytes: number) => this.#world.network.intake(this.peer, bytes)
    const isWritten = volumeInit.write !== undefined && volumeInit.write !== 'off'
    const Source = isWritten ? WritableSimSource : SimSource
    this.#source = this.#world.hasSource(this.index)
      ? new Source({ storage, tree, contents, blockBytes, intake, ...place })
      : undefined
    const volume = this.#source === undefined ? volumeInit : { ...volumeInit, source: this.#source }
    const init = { volumes: [volume], ramBytes, epoch: this.#epoch }
    const { heat } = this.#world
    return heat === undefined ? init : { ...init, heat }
  }
}
