// (f) The most memory that a peer's process occupies, beside the `--ram` it was given, while three
// times that much is read through it from another peer, twice. As blocks of 1 MiB, and as small
// files, whose bookkeeping weighs more than they do.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { BESIDE_RAM_BYTES } from '../../../peers/composition/memory.ts'
import { peakResidentBytes, ready, startBenchPeer, stop, VOLUME } from '../peers.ts'
import type { Row, Sample } from '../report.ts'
import { writeLargeFile, writeSmallFiles, type Bench } from '../stage.ts'

const MIB = 1024 * 1024
const RAM_MIB = 64
const TREE_MIB = 3 * RAM_MIB
const LARGE_MIB = 32
const SMALL_FILES_A_DIRECTORY = 512
/** Of 4 KiB each. */
const SMALL_DIRECTORIES = 96
const ROUNDS = 2

const TREES = { 'blocks of 1 MiB': writeLarge, 'files of 4 KiB': writeSmall } as const

export async function measureMemory(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const [what, write] of Object.entries(TREES)) {
    const source = bench.workspace.makeDirectory(`source-memory-${rows.length}`)
    write(source)
    const samples: Sample[] = []
    for (let repeat = 0; repeat < bench.repeats; repeat++) {
      const ours = await churn(bench, source, `memory-${rows.length}-${repeat}`)
      bench.say(`  ${what}: ${ours.toFixed(0)} MiB beside ${RAM_MIB}`)
      samples.push({ ours })
    }
    const aim = `<= ${BESIDE_RAM_BYTES / MIB}`
    rows.push({ case: 'f', what: `beside --ram, ${what}`, unit: 'MiB', aim, samples })
  }
  return rows
}

/** Peak of the process less its `--ram`, MiB. */
async function churn(bench: Bench, source: string, mesh: string): Promise<number> {
  const holder = startBenchPeer(bench.workspace, { mesh, source })
  const reader = startBenchPeer(bench.workspace, { mesh, isMounted: true, ram: `${RAM_MIB}MiB` })
  const both = [holder, reader]
  try {
    await ready(both, bench.signal)
    for (let round = 0; round < ROUNDS; round++) {
      await reader.client.warm(VOLUME, [''], { signal: bench.signal })
    }
    return peakResidentBytes(reader) / MIB - RAM_MIB
  } finally {
    await stop(both)
  }
}

function writeLarge(source: string): void {
  for (let index = 0; index < TREE_MIB / LARGE_MIB; index++) {
    writeLargeFile(path.join(source, `large-${index}`), LARGE_MIB)
  }
}

function writeSmall(source: string): void {
  for (let index = 0; index < SMALL_DIRECTORIES; index++) {
    const directory = path.join(source, String(index))
    mkdirSync(directory)
    writeSmallFiles(directory, SMALL_FILES_A_DIRECTORY)
  }
}
