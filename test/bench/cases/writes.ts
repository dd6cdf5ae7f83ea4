// (g) Changes and writes through a mount of a file system in memory: our driver, fuse-native and
// tmpfs, one after the other in each repeat, each with files of its own. No mesh is behind it, so
// that it is the driver that is measured. (i) The same through a peer, which writes through to a
// source on tmpfs.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { loadNative } from '../../../fuse/native/library.ts'
import type { Operation } from '../client.ts'
import type { CaseName } from '../options.ts'
import { cpuSeconds, ready, startBenchPeer, stop, type BenchPeer } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { inTurn, writeLargeFile, type Bench } from '../stage.ts'

const SERVER = fileURLToPath(new URL('../posix-mount.ts', import.meta.url))
const FILES = 2000
const BLOCKS = 8192
const PIECES = 32

type Change = {
  readonly operation: Operation
  readonly what: string
  readonly unit: string
  /** A file that is there already; else a directory. */
  readonly isFile: boolean
  readonly count: number
  readonly aim: string
}

// In this order: what one makes the next renames and the third removes.
const CHANGES: readonly Change[] = [
  {
    operation: 'create',
    what: 'create + close',
    unit: '/s',
    isFile: false,
    count: FILES,
    aim: '>= 2',
  },
  { operation: 'rename', what: 'rename', unit: '/s', isFile: false, count: FILES, aim: '>= 2' },
  { operation: 'unlink', what: 'unlink', unit: '/s', isFile: false, count: FILES, aim: '>= 2' },
  {
    operation: 'pwrite',
    what: '4 KiB overwrite',
    unit: '/s',
    isFile: true,
    count: BLOCKS,
    aim: '>= 2',
  },
  {
    operation: 'fill',
    what: '1 MiB overwrite',
    unit: 'MiB/s',
    isFile: true,
    count: PIECES,
    aim: '>= 10',
  },
]

type Server = { readonly directory: string; readonly cpu: () => Promise<number> }
type Measured = { readonly rate: number; readonly cpuMicros: number }

export async function measureWrites(bench: Bench): Promise<readonly Row[]> {
  loadNative()
  await using servers = new AsyncDisposableStack()
  const start = async (driver: string): Promise<Server> => {
    const directory = bench.workspace.makeDirectory(`writes-${driver}`)
    const child = spawn(process.execPath, [...process.execArgv, SERVER, directory, driver], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    servers.defer(() => end(child))
    return { directory, cpu: await cpuReader(child) }
  }
  const [own, native] = [await start('kernel'), await start('fuse-native')]
  const tmpfs = { directory: bench.workspace.makeDirectory('writes-tmpfs'), cpu: async () => 0 }
  return await measureAll(bench, { own, native, tmpfs, name: 'g' })
}

export async function measurePeerWrites(bench: Bench): Promise<readonly Row[]> {
  loadNative()
  const start = (driver: 'kernel' | 'fuse-native'): BenchPeer =>
    startBenchPeer(bench.workspace, {
      mesh: `writes-${driver}`,
      source: bench.workspace.makeDirectory(`written-${driver}`),
      isMounted: true,
      driver,
      options: ['--write=through'],
    })
  const peers = [start('kernel'), start('fuse-native')] as const
  try {
    for (const peer of peers) await ready([peer], bench.signal)
    const serverOf = (peer: BenchPeer): Server => {
      return { directory: peer.mountPoint ?? '', cpu: async () => cpuSeconds([peer]) }
    }
    const [own, native] = [serverOf(peers[0]), serverOf(peers[1])]
    const tmpfs = { directory: bench.workspace.makeDirectory('written-tmpfs'), cpu: async () => 0 }
    return await measureAll(bench, { own, native, tmpfs, name: 'i' })
  } finally {
    await stop(peers)
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}

/** @returns what asks the process for the CPU seconds that it has used */
async function cpuReader(child: ChildProcess): Promise<() => Promise<number>> {
  if (child.stdout === null) throw new Error('the server has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return async () => {
    child.stdin?.write('\n')
    return Number((await lines.next()).value)
  }
}

type Servers = {
  readonly name: CaseName
  readonly own: Server
  readonly native: Server
  readonly tmpfs: Server
}

async function measureAll(bench: Bench, { name, own, native, tmpfs }: Servers): Promise<Row[]> {
  const rows = CHANGES.map((change) => ({ change, rows: rowsOf(name, change) }))
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    for (const { directory } of [own, native, tmpfs]) {
      mkdirSync(path.join(directory, `files-${repeat}`))
      writeLargeFile(path.join(directory, `large-${repeat}`), PIECES)
    }
    for (const { change, rows: each } of rows) {
      const run = (server: Server) => measure(bench, { change, server, repeat })
      const [ours, theirs] = await inTurn(
        repeat,
        () => run(own),
        () => run(native),
      )
      const bare = await run(tmpfs)
      each.rate.samples.push(sample(ours.rate, theirs.rate, ours.rate / theirs.rate))
      each.cpu.samples.push(
        sample(ours.cpuMicros, theirs.cpuMicros, theirs.cpuMicros / ours.cpuMicros),
      )
      each.bare.samples.push(sample(ours.rate, bare.rate, ours.rate / bare.rate))
    }
  }
  return rows.flatMap(({ rows: { rate, cpu, bare } }) => [rate, cpu, bare])
}

function sample(ours: number, against: number, ratio: number): Sample {
  return { ours, against, ratio }
}

async function measure(
  { client, signal }: Bench,
  { change, server, repeat }: { change: Change; server: Server; repeat: number },
): Promise<Measured> {
  const { operation, count, isFile } = change
  const target = path.join(server.directory, `${isFile ? 'large' : 'files'}-${repeat}`)
  const before = await server.cpu()
  const rate = await client.run({ operation, target, count, seconds: 0 }, signal)
  return { rate, cpuMicros: (((await server.cpu()) - before) * 1e6) / count }
}

function rowsOf(name: CaseName, { what, unit, aim }: Change) {
  const row = (more: Partial<Row>): Row & { readonly samples: Sample[] } => {
    return { case: name, what, unit, samples: [], ...more } as Row & { readonly samples: Sample[] }
  }
  return {
    rate: row({ ratioOf: 'own / fuse-native', aim }),
    cpu: row({ what: `${what}, CPU of the server`, unit: 'µs', ratioOf: 'fuse-native / own' }),
    bare: row({ ratioOf: 'of tmpfs' }),
  }
}
