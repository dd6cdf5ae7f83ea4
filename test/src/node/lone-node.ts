// One node without peers before a simulated tree, in virtual time: what a mount sees of a volume.
import { startNode } from '../../../src/node/start-node.ts'
import type { MeshNode, VolumeInit } from '../../../src/node/mesh-node.ts'
import type { Gossip, News, Path } from '../../../src/ports/messages.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { positionOf } from '../../../src/block/key.ts'
import { stampAt } from '../../../src/block/stamp.ts'
import type { Entry, KernelInvalidation, Volume } from '../../../src/volume/volume.ts'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { TreeSource } from '../authority/tree-source.ts'

export const BLOCK = 4096
export const REVALIDATE_MS = 10_000

export class LoneNode {
  readonly clock = new VirtualClock()
  readonly tree = new SimTree(this.clock)
  readonly source = new TreeSource(this.tree)
  /** What the kernel was told to forget, in order. */
  readonly told: KernelInvalidation[] = []
  readonly #listeners: ((gossip: Gossip, from: string) => void)[] = []
  #heard = 0
  node!: MeshNode
  volume!: Volume

  static async start(
    build: (tree: SimTree) => void,
    init: Partial<VolumeInit> = {},
  ): Promise<LoneNode> {
    const lone = new LoneNode()
    build(lone.tree)
    const { clock, source } = lone
    const none = () => () => {}
    const unreachable = () => Promise.reject(new PotluckError('UNREACHABLE', 'there is nobody'))
    lone.node = await startNode(
      {
        clock,
        random: new SeededRandom('lone'),
        network: { request: unreachable, handle: () => {}, queuedBytes: () => 0 },
        routing: {
          self: { peer: 'self', position: positionOf('self') },
          contacts: () => [],
          subscribe: none,
          lookup: async () => [],
        },
        rumors: {
          publish: () => {},
          subscribe: (listener) => {
            lone.#listeners.push(listener)
            return () => {}
          },
        },
      },
      {
        volumes: [{ name: 'v', source, blockBytes: BLOCK, revalidateMs: REVALIDATE_MS, ...init }],
        ramBytes: 1e8,
        epoch: 1,
      },
    )
    lone.volume = lone.node.volume('v')
    lone.volume.subscribe((invalidation) => void lone.told.push(invalidation))
    return lone
  }

  /** Hears a rumor of a peer, by whose clock it was told at that time. */
  hears(path: Path, news: News, atMs: number): void {
    const { inode } = attributesOf(this.tree.find(path))
    const one = { volume: `v@${BLOCK}`, inode, stamp: stampAt(atMs), news }
    const rumor = { publisher: 'peer', epoch: 1, number: ++this.#heard, invalidations: [one] }
    for (const listener of this.#listeners) listener({ type: 'rumor', rumor }, 'peer')
  }

  /** Looks a path up name by name, as the kernel does; undefined where the last name is absent. */
  async look(path: Path): Promise<Entry | undefined> {
    const root = { ...(await this.volume.getattr(1)), nodeid: 1 }
    let entry: Entry | undefined = root
    for (const name of path === '' ? [] : path.split('/')) {
      if (entry === undefined) return undefined
      const found = await this.volume.lookup(entry.nodeid, name)
      entry = 'attributes' in found ? found : undefined
    }
    return entry
  }

  async nodeidOf(path: Path): Promise<number> {
    const entry = await this.look(path)
    if (entry === undefined) throw new PotluckError('ENOENT', path)
    return entry.nodeid
  }

  /** Opens, reads all of it and closes. */
  async readAll(path: Path): Promise<Buffer> {
    const nodeid = await this.nodeidOf(path)
    const { handle } = await this.volume.open(nodeid)
    try {
      return Buffer.concat(await this.volume.read(handle, { from: 0, length: 1e9 }))
    } finally {
      this.volume.release(handle)
    }
  }

  /** What the storage holds at a path now. */
  truth(path: Path): Buffer {
    return Buffer.from(this.source.bytes(this.tree.find(path), { from: 0, length: 1e9 }))
  }

  /** All names of a directory, '.' and '..' too. */
  async list(path: Path): Promise<string[]> {
    const handle = await this.volume.opendir(await this.nodeidOf(path))
    const names: string[] = []
    for (let offset = 0; ;) {
      const entries = this.volume.readdir(handle, offset)
      if (entries.length === 0) break
      names.push(...entries.map(({ name }) => name))
      offset = entries.at(-1)?.nextOffset ?? 0
    }
    this.volume.releasedir(handle)
    return names
  }

  /** Takes what was told since the last time. */
  takeTold(): KernelInvalidation[] {
    return this.told.splice(0)
  }
}
