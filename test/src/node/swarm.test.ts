// Many seeds, each a mesh that is read and written while nodes crash, hang and are cut off, messages are
// lost and the storage fails. Whatever happens, these hold:
//  - every file read is of one generation, never a mixture and never other bytes;
//  - no node goes back in time, and who invalidated sees nothing older;
//  - no shard overflows;
//  - after the faults, once rumors have settled, every node reads what is there now, soon.
import test from 'ava'
import assert from 'node:assert/strict'
import type { Path } from '../../../src/ports/messages.ts'
import { pick } from '../../../sim/engine/draws.ts'
import { PASS } from '../../../sim/network/rules.ts'
import { SOME_FAULTS, unleash } from '../../sim/faults.ts'
import type { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import type { SimTree } from '../../../sim/storage/tree.ts'
import type { World } from '../../../sim/world.ts'
import type { WorldNode } from '../../../sim/world-node.ts'
import { everyoneReads, meshOf, readAll, readBytes, truth } from './mesh.ts'

const SEEDS = Array.from({ length: 30 }, (_, i) => i + 1)
const NODES = 10
const REVALIDATE_MS = 60_000
/** No read takes longer than this while the faults go on: a few silences, one after another. */
const READ_MS = 20_000

class Watched {
  readonly world: World
  /** The newest generation each life of each node has seen of each path. */
  readonly #seen = new Map<string, number>()
  reads = 0
  failed = 0
  slowestMs = 0

  constructor(world: World) {
    this.world = world
  }

  async read(node: WorldNode, path: Path): Promise<void> {
    const { clock } = this.world
    const who = this.#name(node, path)
    const [startMs, atLeast] = [clock.elapsedMs, this.#seen.get(who) ?? 1]
    const bytes = await readBytes(node, path).catch(() => undefined)
    const { state } = node.life
    if (state === 'running') this.slowestMs = Math.max(this.slowestMs, clock.elapsedMs - startMs)
    this.reads += 1
    if (bytes === undefined) this.failed += 1
    else this.#check(who, { path, bytes, atLeast })
  }

  async write(node: WorldNode, path: Path): Promise<void> {
    const { generation } = this.world.tree.write(path)
    const who = this.#name(node, path)
    try {
      await node.invalidate(path)
    } catch {
      // The node died over it: then the revalidation period is what makes it known.
      return
    }
    this.#saw(who, generation)
  }

  #check(who: string, read: { path: Path; bytes: Buffer; atLeast: number }): void {
    const { path, bytes, atLeast } = read
    let found = this.world.tree.find(path).generation
    while (found > 0 && !truth(this.world, path, found).equals(bytes)) found -= 1
    assert(found > 0, `${who} read what was never there`)
    assert(found >= atLeast, `${who} read generation ${found} after ${atLeast}`)
    this.#saw(who, found)
  }

  #saw(who: string, generation: number): void {
    this.#seen.set(who, Math.max(generation, this.#seen.get(who) ?? 1))
  }

  #name(node: WorldNode, path: Path): string {
    return `node ${node.index} (epoch ${node.epoch}) of ${path}`
  }
}

async function live(watched: Watched, random: SeededRandom, untilMs: number): Promise<void> {
  const { world } = watched
  const paths = world.tree.files()
  while (world.clock.elapsedMs < untilMs) {
    const node = pick(random, world.nodes)
    const path = pick(random, paths)
    if (!node.isLiving) await world.sleep(100)
    else if (random.next() < 0.05) await watched.write(node, path)
    else await watched.read(node, path)
    await world.sleep(random.next() * 40)
  }
}

function smallLibrary(tree: SimTree): void {
  for (let i = 0; i < 24; i++) tree.makeFile(`d${i % 4}/f${i}`, { size: 1 + ((i * 9973) % 60_000) })
}

for (const seed of SEEDS) {
  test(`seed ${seed}: faults make it slow, never wrong`, async (t) => {
    const world = await meshOf(NODES, {
      seed,
      tree: smallLibrary,
      ramBytes: 600_000,
      volume: { revalidateMs: REVALIDATE_MS },
      withSource: (index) => index % 3 === 0,
    })
    const watched = new Watched(world)
    await world.run(async () => {
      const { durationMs } = SOME_FAULTS
      const random = world.random.fork('life')
      const lives = Array.from({ length: NODES }, (_, i) =>
        live(watched, random.fork(`program ${i}`), durationMs),
      )
      await Promise.all([unleash(world, SOME_FAULTS), ...lives])
      await world.sleep(REVALIDATE_MS + 5_000)
      const startMs = world.clock.elapsedMs
      const files = world.tree.files()
      await Promise.all(world.nodes.map(({ index }) => readAll(world, index, files)))
      t.true(world.clock.elapsedMs - startMs < 2_000, 'healthy again, and slow')
    })
    for (const node of world.nodes) {
      t.true(node.status().ram.usedBytes <= node.status().ram.capacityBytes)
    }
    t.true(watched.slowestMs < READ_MS, `a read took ${watched.slowestMs} ms`)
    t.true(watched.reads > 200)
    t.log(`${watched.reads} reads, ${watched.failed} failed, slowest ${watched.slowestMs | 0} ms`)
  })
}

test('canary: other bytes under a right checksum are caught by the readers here', async (t) => {
  const world = await meshOf(4, { tree: smallLibrary })
  world.network.rules.push(({ kind, message }) => {
    if (kind !== 'reply' || message.type !== 'answer') return PASS
    const { answer } = message
    if (answer.type !== 'block' || answer.block.version === 0) return PASS
    const bytes = answer.block.bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
    const block = { ...answer.block, bytes, checksum: world.contents.checksum(bytes) }
    return { type: 'alter', message: { type: 'answer', answer: { type: 'block', block } } }
  })
  await t.throwsAsync(world.run(everyoneReads), { message: /read wrong on node/ })
})
