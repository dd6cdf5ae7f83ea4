// (k) Writing through a peer in --write=back, where each write is copied to a second peer and goes to the
// source later, against --write=through, where each write goes to the source at once. The sources of
// both lie on tmpfs, so that a write to a source costs next to nothing: what is measured is what
// write-back costs, not what it saves on slow storage. CPU is that of both peers together.
import path from 'node:path'
import { cpuSeconds, ready, startBenchPeer, stop, type BenchPeer } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { type Bench, inTurn, writeLargeFile } from '../stage.ts'

const BLOCKS = 8_192
const PIECES = 32

const WRITES = [
  { operation: 'pwrite', what: '4 KiB overwrite', unit: '/s', count: BLOCKS },
  { operation: 'fill', what: '1 MiB overwrite', unit: 'MiB/s', count: PIECES },
] as const

type Write = (typeof WRITES)[number]
type Mode = 'back' | 'through'
type Measured = { readonly rate: number; readonly cpuMicros: number }

export async function measureWriteBack(bench: Bench): Promise<readonly Row[]> {
  const start = (mode: Mode): readonly BenchPeer[] => {
    const source = bench.workspace.makeDirectory(`source-${mode}`)
    const options = [`--write=${mode}`, '--dirty=64MiB', '--dirty-age=10m']
    return [true, false].map((isMounted) =>
      startBenchPeer(bench.workspace, { mesh: `write-${mode}`, source, isMounted, options }),
    )
  }
  const meshes = { back: start('back'), through: start('through') }
  try {
    for (const peers of Object.values(meshes)) await ready(peers, bench.signal)
    const rows = WRITES.map((write) => ({ write, rows: rowsOf(write) }))
    for (let repeat = 0; repeat < bench.repeats; repeat++) {
      for (const { write, rows: each } of rows) {
        const run = (mode: Mode) => measure(bench, meshes[mode], { write, repeat })
        const [back, through] = await inTurn(
          repeat,
          () => run('back'),
          () => run('through'),
        )
        each.rate.samples.push(sample(back.rate, through.rate))
        each.cpu.samples.push(sample(back.cpuMicros, through.cpuMicros))
      }
    }
    return rows.flatMap(({ rows: { rate, cpu } }) => [rate, cpu])
  } finally {
    for (const peers of Object.values(meshes)) await stop(peers)
  }
}

async function measure(
  { client, signal }: Bench,
  peers: readonly BenchPeer[],
  { write, repeat }: { readonly write: Write; readonly repeat: number },
): Promise<Measured> {
  const { operation, count } = write
  const target = path.join(peers[0]?.mountPoint ?? '', `${operation}-${repeat}`)
  writeLargeFile(target, PIECES)
  const before = cpuSeconds(peers)
  const rate = await client.run({ operation, target, count, seconds: 0 }, signal)
  return { rate, cpuMicros: ((cpuSeconds(peers) - before) * 1e6) / count }
}

function sample(ours: number, against: number): Sample {
  return { ours, against, ratio: ours / against }
}

function rowsOf({ what, unit }: Write) {
  const row = (more: Partial<Row>): Row & { readonly samples: Sample[] } => {
    const ratioOf = 'back / through'
    return { case: 'k', what, unit, ratioOf, samples: [], ...more } as Row & {
      readonly samples: Sample[]
    }
  }
  return { rate: row({}), cpu: row({ what: `${what}, CPU of both peers`, unit: 'µs' }) }
}
