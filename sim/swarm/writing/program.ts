// What runs on the nodes of a swarm of writers: programs that read, write, append to, cut, make, move and
// remove the same few files, and add to counters under locks. Whatever is written is like nothing else
// that ever was, so that each read shows which state it is of.
import type { Inode, Path } from '../../../src/ports/messages.ts'
import type { Random } from '../../../src/ports/random.ts'
import { codeOf } from '../../../src/base/errors.ts'
import { below, pick } from '../../engine/draws.ts'
import type { Expected } from '../../watch/made-by.ts'
import type { History } from '../../watch/history.ts'
import type { Watch } from '../../watch/watch.ts'
import type { World } from '../../world.ts'
import type { WorldNode } from '../../world-node.ts'
import type { Tally } from '../tally.ts'
import { count, COUNTERS } from './count.ts'
import { withWriter, type Writer } from './writer.ts'

const WRITTEN_BYTES = 16
/** What a file may grow to, in such pieces. */
const PIECES = 12
const THINK_MS = 100

export type WritingInit = {
  readonly world: World
  readonly watch: Watch
  readonly history: History
  readonly tally: Tally
  /** Files that come and go. */
  readonly names: readonly Path[]
  /** Files whose blocks are written far apart. */
  readonly large: readonly Path[]
  readonly blockBytes: number
}

type Step = {
  readonly writer: Writer
  readonly path: Path
  readonly other: Path
  readonly random: Random
  readonly text: Buffer
}

type Kind = (step: Step, init: WritingInit) => Promise<Expected>

/** Shares of what programs do that changes something. */
const KINDS: readonly (readonly [share: number, kind: Kind])[] = [
  [0.3, write],
  [0.2, append],
  [0.1, truncate],
  [0.25, create],
  [0.06, unlink],
  [0.09, rename],
]
const READS = 0.55
const COUNTS = 0.08

/** Reads and changes files on one node until then, in all its lives. */
export async function writingProgram(
  init: WritingInit,
  node: WorldNode,
  { random, untilMs }: { readonly random: Random; readonly untilMs: number },
): Promise<void> {
  const { world, names, large } = init
  for (let number = 0; world.clock.elapsedMs < untilMs; number++) {
    await world.sleep(random.next() * 2 * THINK_MS)
    if (!node.isLiving || !node.hasStarted) continue
    const drawn = random.next()
    const path = pick(random, random.next() < 0.1 ? large : names)
    if (drawn < READS) await readWritten(init, node, path)
    else if (drawn < READS + COUNTS) {
      await count(init, node, { path: pick(random, COUNTERS), random })
    } else await change(init, node, { path, random, number })
  }
}

/** Reads one file whole, by one call. */
export async function readWritten(init: WritingInit, node: WorldNode, path: Path): Promise<void> {
  const { world, watch, tally } = init
  const read = await watch.read({ node, path }, () =>
    withWriter(node, async (writer) => writer.read(await writer.open(path, { access: 'read' }))),
  )
  tally.count(read, world)
}

async function change(
  init: WritingInit,
  node: WorldNode,
  { path, random, number }: { path: Path; random: Random; number: number },
): Promise<void> {
  const { watch, history, names, tally } = init
  const text = Buffer.from(`${node.index}.${node.epoch}.${number}`.padEnd(WRITTEN_BYTES - 1) + '\n')
  const kind = drawKind(random)
  const other = pick(random, names)
  try {
    await watch.change(node, history, () =>
      withWriter(node, (writer) => kind({ writer, path, other, random, text }, init)),
    )
    tally.changes += 1
  } catch (error) {
    tally.refused(codeOf(error))
  }
}

function drawKind(random: Random): Kind {
  let drawn = random.next()
  for (const [share, kind] of KINDS) {
    drawn -= share
    if (drawn < 0) return kind
  }
  return write
}

async function write(
  { writer, path, random, text }: Step,
  { large, blockBytes }: WritingInit,
): Promise<Expected> {
  const pieceBytes = large.includes(path) ? blockBytes : WRITTEN_BYTES
  const from = below(random, large.includes(path) ? 3 : PIECES) * pieceBytes
  const file = await writer.open(path)
  await writer.write(file, from, text)
  const isIt = (bytes: Buffer) => bytes.subarray(from, from + text.length).equals(text)
  return { contents: { inode: file.inode, isIt } }
}

async function append({ writer, path, text }: Step): Promise<Expected> {
  const file = await writer.open(path, { append: true })
  await writer.write(file, 'end', text)
  return { contents: endingWith(file.inode, text) }
}

async function truncate({ writer, path, random }: Step): Promise<Expected> {
  const size = below(random, PIECES) * WRITTEN_BYTES
  const inode = await writer.truncate(path, size)
  return { contents: { inode, isIt: (bytes) => bytes.length === size } }
}

async function create({ writer, path, text }: Step): Promise<Expected> {
  const file = await writer.create(path, false)
  const { inode } = file
  await writer.write(file, 'end', text)
  return { contents: endingWith(inode, text), names: [{ path, inode }] }
}

async function unlink({ writer, path }: Step): Promise<Expected> {
  await writer.unlink(path)
  return { names: [{ path, inode: undefined }] }
}

async function rename({ writer, path, other }: Step): Promise<Expected> {
  const { inode } = (await writer.find(path)).attributes
  await writer.rename(path, other)
  if (path === other) return {}
  const names = [
    { path: other, inode },
    { path, inode: undefined },
  ]
  return { names }
}

function endingWith(inode: Inode, text: Buffer): NonNullable<Expected['contents']> {
  return { inode, isIt: (bytes) => bytes.subarray(-text.length).equals(text) }
}
