// `potluck demo`: the product shown on one machine, in a minute, with its own proof. Real peer
// processes, a real tree, readers outside of the peers, every byte compared with the source, every
// read of the source counted. Leaves nothing behind, however it ends.
import path from 'node:path'
import { PotluckError } from '../../../src/base/errors.ts'
import { formatBytes, formatCount } from '../options/quantities.ts'
import type { Flags } from '../options/read-options.ts'
import { progressBar } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { compareReadings } from './compare.ts'
import { killPeers, spawnPeers, stopPeers, waitReady, watchPeers } from './demo-peers.ts'
import type { DemoPeer } from './demo-peers.ts'
import { whyNoMount } from './fuse-use.ts'
import type { ReaderTask } from './reader-messages.ts'
import { runReaders } from './readers.ts'
import type { Finished } from './readers.ts'
import { readsPerBlock, reportText } from './report.ts'
import type { Outcome } from './report.ts'
import { chooseTree } from './tree.ts'
import type { TreeSize } from './tree.ts'
import { makeWorkspace } from './workspace.ts'

const BLOCK_BYTES = 1024 * 1024
const READY_MS = 60_000
/** More than the source may have been read: a block or two read twice by a race is forgiven. */
const MOST_READS_PER_BLOCK = 1.01
/** Differences told at most; one is enough to fail. */
const MOST_TOLD = 10
const VOLUME = 'tree'

export type DemoFlags = Flags & {
  readonly peers: number
  readonly tree?: string
  readonly mount?: boolean
  readonly driver?: string
  readonly inline?: string
  readonly keep?: boolean
}

/** @throws PotluckError EIO where bytes differ or the source was read too often; ABORTED */
export async function runDemo(flags: DemoFlags, terminal: Terminal): Promise<void> {
  const named = flags.tree === undefined ? undefined : path.resolve(terminal.cwd, flags.tree)
  const tree = await chooseTree(named, BLOCK_BYTES)
  const say = (text: string): void => terminal.err(`${text}\n`)
  say(
    `tree     ${tree.directory}: ${tree.only ? 'part of it, ' : ''}` +
      `${formatCount(tree.files)} files, ` +
      `${formatBytes(tree.bytes)}, ${formatCount(tree.blocks)} blocks`,
  )
  const isMounted = shouldMount(flags, terminal, say)
  const task: ReaderTask = { type: 'directory', root: tree.directory, ...partOf(tree) }
  const tasks = Array.from({ length: flags.peers }, () => task)
  const direct = await readAll(terminal, terminal.interrupted, { label: 'direct', tasks, tree })
  const outcome = await runMesh(flags, terminal, { tree, direct, isMounted, say })
  await judge(outcome, terminal)
}

function partOf({ only }: TreeSize): Pick<ReaderTask, 'only'> {
  return only === undefined ? {} : { only }
}

function shouldMount(flags: DemoFlags, terminal: Terminal, say: (text: string) => void): boolean {
  if (flags.mount === false) return false
  const reason = whyNoMount(terminal.env)
  if (reason !== undefined)
    say(`mounts   none: ${reason}; reading through the API instead (--no-mount)`)
  return reason === undefined
}

type Reading = {
  readonly label: string
  readonly tasks: readonly ReaderTask[]
  readonly tree: TreeSize
}

async function readAll(
  terminal: Terminal,
  signal: AbortSignal,
  { label, tasks, tree }: Reading,
): Promise<readonly Finished[]> {
  const bar = progressBar(terminal, label.padEnd(8))
  const total = tree.bytes * tasks.length
  try {
    return await runReaders({ tasks, signal, onProgress: (bytes) => bar.update(bytes, total) })
  } finally {
    bar.stop()
  }
}

type MeshRun = {
  readonly tree: TreeSize
  readonly direct: readonly Finished[]
  readonly isMounted: boolean
  readonly say: (text: string) => void
}

async function runMesh(flags: DemoFlags, terminal: Terminal, run: MeshRun): Promise<Outcome> {
  const workspace = makeWorkspace(flags.keep === true)
  let peers: readonly DemoPeer[] = []
  // Also at an exit that nobody planned: a second Ctrl-C, an error of ours.
  const onExit = (): void => {
    killPeers(peers)
    workspace.remove()
  }
  process.once('exit', onExit)
  try {
    peers = spawnPeers({
      count: flags.peers,
      tree: run.tree.directory,
      volume: VOLUME,
      ramBytes: ramFor(run.tree, flags.peers),
      isMounted: run.isMounted,
      passed: { driver: flags.driver, inline: flags.inline },
      workspace,
    })
    return await withLivingPeers(peers, terminal, (signal) =>
      readMesh({ ...run, peers, terminal, signal }),
    )
  } finally {
    await stopPeers(peers)
    process.off('exit', onExit)
    workspace.remove()
    if (flags.keep === true) run.say(`logs     ${workspace.directory}`)
  }
}

type LiveRun = MeshRun & {
  readonly peers: readonly DemoPeer[]
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

async function readMesh({ tree, direct, say, peers, terminal, signal }: LiveRun): Promise<Outcome> {
  const from = performance.now()
  await waitReady(peers, READY_MS, signal)
  const seconds = ((performance.now() - from) / 1000).toFixed(1)
  const ram = formatBytes(ramFor(tree, peers.length))
  say(`peers    ${peers.length} processes ready after ${seconds} s, ${ram} of RAM each`)
  const tasks = peers.map((peer) => ({ ...taskOf(peer), ...partOf(tree) }))
  const meshed = await readAll(terminal, signal, { label: 'mesh', tasks, tree })
  const statuses = await Promise.all(peers.map((peer) => peer.client.status({ signal })))
  return { tree, direct, meshed, statuses }
}

/**
 * For 8 peers half of the tree, and some: no peer alone can hold it, together they hold it several
 * times. Few peers share the keys unevenly: one of four may be the home of nearly all.
 */
function ramFor(tree: TreeSize, peers: number): number {
  const share = tree.bytes * Math.min(1.25, 4 / peers)
  return Math.max(64 * BLOCK_BYTES, Math.ceil(share / BLOCK_BYTES) * BLOCK_BYTES)
}

function taskOf(peer: DemoPeer): ReaderTask {
  if (peer.mountPoint !== undefined) return { type: 'directory', root: peer.mountPoint }
  return { type: 'api', socket: peer.socket, volume: VOLUME }
}

/** Aborts the work when a peer ends, and then says that, not what the work made of it. */
async function withLivingPeers<T>(
  peers: readonly DemoPeer[],
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const died = new AbortController()
  let death: Error | undefined
  watchPeers(peers).catch((error: Error) => {
    death = error
    died.abort()
  })
  try {
    return await work(AbortSignal.any([terminal.interrupted, died.signal]))
  } catch (error) {
    if (death !== undefined && !terminal.interrupted.aborted) throw death
    throw error
  }
}

async function judge(outcome: Outcome, terminal: Terminal): Promise<void> {
  const { tree, direct, meshed } = outcome
  terminal.out(reportText(outcome))
  const source = direct[0]
  if (source === undefined) return
  const { differences, changed } = await compareReadings(tree.directory, source, meshed)
  for (const path of changed.slice(0, MOST_TOLD)) {
    terminal.err(`"${path}" was changed by someone while the demo ran, and is not compared\n`)
  }
  for (const { reader, path, problem } of differences.slice(0, MOST_TOLD)) {
    terminal.err(`reader ${reader}: "${path}" ${problem}\n`)
  }
  if (differences.length > 0) {
    throw new PotluckError('EIO', `${differences.length} paths differ from the source`)
  }
  terminal.out(
    `\nEvery byte equal: ${formatCount(source.files - changed.length)} paths, ` +
      `${formatBytes(tree.bytes)}, ${meshed.length} readers.\n`,
  )
  judgeReads(readsPerBlock(outcome), terminal)
}

function judgeReads(ratio: number, terminal: Terminal): void {
  terminal.out(`Source reads per block: ${ratio.toFixed(2)}.\n`)
  if (ratio <= MOST_READS_PER_BLOCK) return
  const message = `the source was read ${ratio.toFixed(3)} times a block`
  throw new PotluckError('EIO', `${message}, more than ${MOST_READS_PER_BLOCK}`)
}
