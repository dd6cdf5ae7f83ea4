import { execFileSync } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import type { ExecutionContext } from 'ava'
import { whyNoMount } from '../../peers/commands/demo/fuse-use.ts'
import { directoryTree, readTree } from '../../peers/commands/demo/reading.ts'
import { chooseTree, type TreeSize } from '../../peers/commands/demo/tree.ts'
import { Place, type PeerProcess, untilReady } from '../peers/composition/peer-process.ts'
import { notRoot } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { runReader } from './readers.ts'
import type { SlowCall } from './timed-reader.ts'
import { readsPerBlock, SlowStorage } from './storage/slow-storage.ts'

const PEERS = 8
const BLOCK_BYTES = 1 << 20
/** A reader that waited longer for one call would look stuck. */
const MOST_STALL_MS = 2000
const MOST_READS_PER_BLOCK = 1.2

type Tree = TreeSize & {
  readonly sentences: ReadonlyMap<string, string>
  /** Bytes of each block, by `path:number`. */
  readonly blockSizes: ReadonlyMap<string, number>
}

async function readDirectly(): Promise<Tree> {
  const size = await chooseTree(undefined, BLOCK_BYTES)
  const sentences = new Map<string, string>()
  const blockSizes = new Map<string, number>()
  const onRead = (inside: string, sentence: string, bytes: number): void => {
    sentences.set(inside, sentence)
    const name = Buffer.from(inside).toString('latin1')
    for (let at = 0; at < bytes; at += BLOCK_BYTES) {
      blockSizes.set(`${name}:${at / BLOCK_BYTES}`, Math.min(BLOCK_BYTES, bytes - at))
    }
  }
  await readTree(directoryTree(size.directory), onRead, size.only)
  return { ...size, sentences, blockSizes }
}

/** Eight peers, each with its own mount and its own way to the one storage. */
async function startPeers(place: Place, sources: readonly string[], ramBytes: number) {
  const join = ['--join', `dir:${place.makeDirectory('join')}`]
  const start = (source: string, index: number): Promise<PeerProcess> => {
    const mount = place.makeDirectory(`mount-${index}`)
    const volume = ['--source', `tree=${source}`, '--mount', `tree=${mount}`]
    return place.startPeer(`peer-${index}`, [...join, ...volume, '--ram', `${ramBytes}`])
  }
  const peers = await Promise.all(sources.map(start))
  await untilReady(peers)
  return peers
}

/** The first few paths that are not what they are on the storage. */
function differencesOf(expected: Tree['sentences'], found: Tree['sentences']): readonly string[] {
  const paths = [...new Set([...expected.keys(), ...found.keys()])]
  const different = paths.filter((each) => expected.get(each) !== found.get(each))
  return different.slice(0, 5).map((each) => `${each}: ${expected.get(each)}, ${found.get(each)}`)
}

function slowest(calls: readonly SlowCall[]): number {
  return Math.round(Math.max(0, ...calls.map(({ ms }) => ms)))
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0)
}

testUnless(whyNoMount(process.env), notRoot())(
  'one of eight peers is killed while all read: the seven others finish, every byte equal',
  async (t: ExecutionContext) => {
    t.timeout(600_000)
    const tree = await readDirectly()
    t.true(tree.files >= 5000)
    await using place = new Place()
    const sources = Array.from({ length: PEERS }, (_, i) => place.makeDirectory(`source-${i}`))
    await using storage = await SlowStorage.mount(tree.directory, sources)
    const peers = await startPeers(place, sources, Math.max(64 << 20, tree.bytes / 2))

    const [victim] = peers
    const only = tree.only === undefined ? {} : { only: tree.only }
    let killedAt = 0
    const kill = (paths: number): void => {
      if (killedAt > 0 || paths < tree.sentences.size * 0.4) return
      killedAt = Date.now()
      victim?.child.kill('SIGKILL')
    }
    const readers = peers.map((_, index) =>
      runReader(t, { root: place.at(`mount-${index}`), ...only }, index === 0 ? kill : undefined),
    )
    const [killed, ...others] = await Promise.all(readers)
    const counts = await storage.counts()
    const after = await statfs(place.at('mount-0')).catch((error: NodeJS.ErrnoException) => error)
    execFileSync('umount', ['-l', place.at('mount-0')])

    // Whoever was waiting got ECONNABORTED; who comes now gets what the kernel has, or ENOTCONN.
    t.like(after, { code: 'ENOTCONN' })
    t.true(killedAt > 0)
    t.is(killed?.type, 'failed')
    const seven = others.filter((reader) => reader.type === 'done')
    t.is(seven.length, others.length, JSON.stringify(others.filter(({ type }) => type !== 'done')))
    for (const { sentences } of seven) {
      t.deepEqual(differencesOf(tree.sentences, new Map(sentences)), [])
    }
    const slow = seven.flatMap((reader) => reader.slow)
    const slowestBefore = slowest(slow.filter(({ endedAt }) => endedAt <= killedAt))
    const slowestAfter = slowest(slow.filter(({ endedAt }) => endedAt > killedAt))
    t.log(`slowest call before the kill ${slowestBefore} ms, after it ${slowestAfter} ms`)
    const ratio = readsPerBlock(counts, tree.blockSizes)
    t.log(`source reads per block ${ratio.toFixed(3)}; calls ${JSON.stringify(counts.calls)}`)
    t.log(`${counts.bytes} bytes of ${sum(tree.blockSizes.values())}`)
    // On a machine that is busy with other things, nobody waits longer than they did before.
    t.true(slowestAfter <= Math.max(MOST_STALL_MS, slowestBefore), `${slowestAfter} ms`)
    t.true(ratio >= 1 && ratio <= MOST_READS_PER_BLOCK, `${ratio}`)
  },
)
