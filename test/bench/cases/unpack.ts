// (j) An archive of 10,000 small files unpacked through the mount of a peer that writes through to a
// source on tmpfs, and what was unpacked looked at and read at once. Held against the same in that
// tmpfs, and against a peer whose mount is the fuse-native driver's.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { loadNative } from '../../../fuse/native/library.ts'
import { type BenchPeer, cpuSeconds, ready, startBenchPeer, stop } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { type Bench, writeSmallFiles } from '../stage.ts'

const DIRECTORIES = 100
const FILES = 100
const LOOK_SECONDS = 0.4
const LONGEST_MS = 300_000
const execute = promisify(execFile)

type Step = {
  readonly what: string
  readonly aim?: string
  /** Files a second. */
  readonly run: (directory: string) => Promise<number>
}
type SampledRow = Omit<Row, 'samples'> & { readonly samples: Sample[] }

export async function measureUnpacking(bench: Bench): Promise<readonly Row[]> {
  loadNative()
  const { workspace, signal } = bench
  const archive = makeArchive(workspace.makeDirectory('archive'))
  const start = (driver: 'kernel' | 'fuse-native'): BenchPeer => {
    const source = workspace.makeDirectory(`unpacked-${driver}`)
    const init = { mesh: `unpack-${driver}`, source, isMounted: true, driver }
    return startBenchPeer(workspace, { ...init, options: ['--write=through'] })
  }
  const peers = [start('kernel'), start('fuse-native')] as const
  try {
    for (const peer of peers) await ready([peer], signal)
    const bare = workspace.makeDirectory('unpacked-bare')
    return await measureSteps(bench, { peers, bare, steps: stepsOf(bench, archive) })
  } finally {
    await stop(peers)
  }
}

type Places = {
  readonly peers: readonly [BenchPeer, BenchPeer]
  readonly bare: string
  readonly steps: readonly Step[]
}

async function measureSteps(bench: Bench, { peers, bare, steps }: Places): Promise<Row[]> {
  const [own, native] = peers
  const all = steps.map((step) => ({ step, rows: rowsOf(step) }))
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    const places = [own.mountPoint ?? '', native.mountPoint ?? '', bare] as const
    const [ours, theirs, least] = places.map((place) => path.join(place, String(repeat)))
    for (const { step, rows } of all) {
      const before = cpuSeconds([own])
      const rate = await step.run(ours ?? '')
      const cpu = cpuSeconds([own]) - before
      const ofNative = await step.run(theirs ?? '')
      const ofBare = await step.run(least ?? '')
      bench.say(`  ${step.what}: ${rate.toFixed(0)}/s`)
      rows.native.samples.push({ ours: rate, against: ofNative, ratio: rate / ofNative })
      rows.bare.samples.push({ ours: rate, against: ofBare, ratio: rate / ofBare })
      rows.cpu?.samples.push({ ours: (cpu * 1e6) / (DIRECTORIES * FILES) })
    }
  }
  return all.flatMap(({ rows: { native, bare: least, cpu } }) => [
    native,
    least,
    ...(cpu === undefined ? [] : [cpu]),
  ])
}

function rowsOf({ what, aim }: Step) {
  const row = (more: Omit<Partial<Row>, 'samples'>): SampledRow => {
    return { case: 'j', what, unit: 'files/s', samples: [], ...more }
  }
  const cpu = { what: `${what}, CPU of the peer`, unit: 'us/file' }
  return {
    native: row({ ratioOf: 'own / fuse-native', ...(aim === undefined ? {} : { aim }) }),
    bare: row({ ratioOf: 'of tmpfs' }),
    // What the kernel has takes the peer nothing that a clock of 10 ms could show.
    cpu: aim === undefined ? undefined : row(cpu),
  }
}

function stepsOf({ client, signal }: Bench, archive: string): Step[] {
  const look = (operation: 'stat' | 'open') => (directory: string) => {
    const target = path.join(directory, 'tree/0')
    return client.run({ operation, target, count: FILES, seconds: LOOK_SECONDS }, signal)
  }
  return [
    {
      what: `untar ${DIRECTORIES * FILES} files of 4 KiB`,
      aim: '>= 2',
      run: async (directory) => {
        mkdirSync(directory)
        const from = performance.now()
        const limits = { timeout: LONGEST_MS, killSignal: 'SIGKILL', signal } as const
        await execute('tar', ['-xf', archive, '-C', directory], limits)
        return (DIRECTORIES * FILES) / ((performance.now() - from) / 1000)
      },
    },
    { what: 'stat of what was unpacked', run: look('stat') },
    { what: 'open + read 4 KiB + close of it', run: look('open') },
  ]
}

function makeArchive(directory: string): string {
  for (let index = 0; index < DIRECTORIES; index++) {
    writeSmallFiles(path.join(directory, `tree/${index}`), FILES)
  }
  const archive = path.join(directory, 'tree.tar')
  execFileSync('tar', ['-cf', archive, '-C', directory, 'tree'])
  return archive
}
