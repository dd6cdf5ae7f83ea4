// Two nodes that write at one time, in write-back mode, to files of their own and to the same blocks of
// one file; what each write was answered for is kept, to be compared with the source in the end.
import { execFileSync } from 'node:child_process'
import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { type Place, type PeerProcess, untilReady } from './peer-process.ts'

const FILE_BYTES = 300_000
const SLOT_BYTES = 1_000
const OWN_FILES = 4

export type Written = {
  readonly place: Place
  readonly source: string
  readonly peers: readonly PeerProcess[]
  readonly writers: readonly Writer[]
  /** What every file must hold; by name. */
  readonly expected: ReadonlyMap<string, Buffer>
}

type Writer = {
  readonly mount: string
  readonly handles: Map<string, FileHandle>
  /** A whole number below this one, from a sequence that goes on over all calls. */
  readonly draw: (below: number) => number
}

/** Three peers with the source; the first two with a mount. */
export async function startWriters(place: Place, options: readonly string[]): Promise<Written> {
  const source = place.makeDirectory('source')
  const mounts = ['a', 'b'].map((name) => place.makeDirectory(`mount-${name}`))
  const common = ['--source', `data=${source}`, '--write', 'back', ...options]
  const names = ['a', 'b', 'c'].flatMap((who) =>
    who === 'c' ? [] : Array.from({ length: OWN_FILES }, (_, i) => `${who}${i}`),
  )
  const expected = new Map([...names, 'shared'].map((name) => [name, Buffer.alloc(FILE_BYTES)]))
  for (const [name, bytes] of expected) await writeFile(path.join(source, name), bytes)
  const peers: PeerProcess[] = []
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    const mount = mounts[i] === undefined ? [] : ['--mount', `data=${mounts[i]}`]
    const join = peers[0] === undefined ? [] : ['--join', peers[0].address]
    peers.push(await place.startPeer(name, [...common, ...join, ...mount]))
  }
  await untilReady(peers)
  const writers = mounts.map((mount, index) => ({
    mount,
    handles: new Map<string, FileHandle>(),
    draw: drawing(index * 7_919 + 1),
  }))
  return { place, source, peers, writers, expected }
}

function drawing(seed: number): (below: number) => number {
  let drawn = seed
  return (below) => {
    drawn = (drawn * 48_271) % 2_147_483_647
    return drawn % below
  }
}

/** So many writes on each of these nodes at one time, none of them closed or synced. */
export async function writeOn(written: Written, on: readonly number[], count: number) {
  await Promise.all(on.map((index) => writeMany(written, index, count)))
}

async function writeMany({ writers, expected }: Written, index: number, count: number) {
  const writer = writers[index]
  if (writer === undefined) throw new Error(`no writer ${index}`)
  const { draw } = writer
  for (let i = 0; i < count; i++) {
    const isShared = i % 2 === 0
    const name = isShared ? 'shared' : `${'ab'[index]}${draw(OWN_FILES)}`
    const length = isShared ? SLOT_BYTES : 1 + draw(20_000)
    // Neighbours in one block: even slots are one's, odd ones the other's.
    const slot = draw(FILE_BYTES / SLOT_BYTES / 2) * 2 + index
    const from = isShared ? slot * SLOT_BYTES : draw(FILE_BYTES - 20_000)
    const bytes = Buffer.alloc(length, 1 + draw(255))
    const handle = writer.handles.get(name) ?? (await open(path.join(writer.mount, name), 'r+'))
    writer.handles.set(name, handle)
    await handle.write(bytes, 0, length, from)
    bytes.copy(expected.get(name) ?? Buffer.alloc(0), from)
  }
}

/** Kills a writer's peer as the machine would, and clears its mount. */
export async function kill({ peers, writers }: Written, index: number): Promise<void> {
  await peers[index]?.end('SIGKILL')
  // A close on a dead mount fails; the file is closed all the same.
  for (const handle of writers[index]?.handles.values() ?? []) await handle.close().catch(() => {})
  writers[index]?.handles.clear()
  execFileSync('umount', ['--lazy', writers[index]?.mount ?? ''])
}

export async function closeAll({ writers }: Written): Promise<void> {
  for (const { handles } of writers) {
    for (const handle of handles.values()) await handle.close()
    handles.clear()
  }
}

/** The names of files that are not as they were acknowledged, with the first byte that differs. */
export async function differences({ expected }: Written, directory: string): Promise<string[]> {
  const wrong: string[] = []
  for (const [name, bytes] of expected) {
    const found = await readFile(path.join(directory, name))
    const at = bytes.findIndex((byte, i) => byte !== found[i])
    if (at >= 0 || found.length !== bytes.length) wrong.push(`${name} at ${at}`)
  }
  return wrong
}
