// `npm run bench`: what the parts cost against the least that could do the same, on this machine,
// now. Each ratio is of two figures taken one after the other in the same repeat; medians are shown,
// all samples are in the JSON. It measures and prints, and asserts nothing: aims are only shown
// beside what was reached.
//
// Everything lives in one directory of /dev/shm (the tmpfs that (a) is held against): sources,
// mounts, sockets, logs. However a run ends, its peers end and the directory goes.
import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { makeWorkspace } from '../../peers/commands/demo/workspace.ts'
import { measureBulk } from './cases/bulk.ts'
import { measureColdStart } from './cases/cold-start.ts'
import { measureDrivers } from './cases/drivers.ts'
import { measureHot } from './cases/hot.ts'
import { measureMemory } from './cases/memory.ts'
import { measureUnpacking } from './cases/unpack.ts'
import { measureWriteBack } from './cases/write-back.ts'
import { measurePeerWrites, measureWrites } from './cases/writes.ts'
import { measureWants } from './cases/wants.ts'
import { measureWholeWants } from './cases/whole-wants.ts'
import { makeClient } from './client.ts'
import { CASES, type CaseName, readOptions, type BenchOptions } from './options.ts'
import { killLiving } from './peers.ts'
import { type Row, summarize, type Summary, tableOf } from './report.ts'
import type { Bench } from './stage.ts'

const MEASURES: Readonly<Record<CaseName, (bench: Bench) => Promise<readonly Row[]>>> = {
  a: measureHot,
  b: measureBulk,
  c: measureWants,
  d: measureDrivers,
  e: measureColdStart,
  f: measureMemory,
  g: measureWrites,
  h: measureWholeWants,
  i: measurePeerWrites,
  j: measureUnpacking,
  k: measureWriteBack,
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return 2
  process.env['TMPDIR'] = options.directory
  const workspace = makeWorkspace(false)
  // Last of all and without waiting: whatever is still there goes.
  process.on('exit', () => {
    killLiving()
    workspace.remove()
  })
  const interrupted = watchSignals()
  const client = makeClient(workspace.at('client'))
  const from = performance.now()
  const loadBefore = os.loadavg()
  const bench = { workspace, client, repeats: options.repeats, signal: interrupted, say }
  const { summaries, failures } = await measureAll(bench, options)
  if (interrupted.aborted) return 130
  const seconds = (performance.now() - from) / 1000
  const run = { ...circumstances(client.language, loadBefore), seconds, repeats: options.repeats }
  publish(options, { ...run, results: summaries, failures })
  return failures.length === 0 ? 0 : 1
}

/** One case that fails is told, and the others go on. */
async function measureAll(
  bench: Bench,
  { only }: BenchOptions,
): Promise<{ summaries: Summary[]; failures: string[] }> {
  const summaries: Summary[] = []
  const failures: string[] = []
  for (const name of only) {
    if (bench.signal.aborted) break
    bench.say(`(${name}) ${CASES[name]}`)
    try {
      summaries.push(...(await MEASURES[name](bench)).map(summarize))
    } catch (error) {
      if (bench.signal.aborted) break
      failures.push(`(${name}) ${error instanceof Error ? error.message : String(error)}`)
      bench.say(`failed: ${failures.at(-1)}`)
    }
  }
  return { summaries, failures }
}

type Outcome = ReturnType<typeof circumstances> & {
  readonly seconds: number
  readonly repeats: number
  readonly results: readonly Summary[]
  readonly failures: readonly string[]
}

function circumstances(client: string, loadBefore: readonly number[]) {
  return {
    date: new Date().toISOString(),
    node: process.version,
    kernel: os.release(),
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    client,
    loadAverageBefore: loadBefore,
    loadAverageAfter: os.loadavg(),
    runnable: readFileSync('/proc/loadavg', 'latin1').split(' ')[3],
  }
}

function publish({ json }: BenchOptions, outcome: Outcome): void {
  const text = `${JSON.stringify(outcome, undefined, 2)}\n`
  if (json === '-') return void process.stdout.write(text)
  if (json !== undefined) writeFileSync(json, text)
  const load = (average: readonly number[]) => average[0]?.toFixed(1)
  process.stdout.write(
    `${tableOf(outcome.results)}\n` +
      `medians of ${outcome.repeats}; ${outcome.seconds.toFixed(0)} s; ` +
      `${outcome.cores} x ${outcome.processor}, Linux ${outcome.kernel}, Node ${outcome.node}, ` +
      `client in ${outcome.client}; load average ${load(outcome.loadAverageBefore)} before, ` +
      `${load(outcome.loadAverageAfter)} after\n` +
      outcome.failures.map((failure) => `failed: ${failure}\n`).join(''),
  )
}

function watchSignals(): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(130)
      say('interrupted; ending the peers')
      interrupted.abort()
    })
  }
  return interrupted.signal
}

process.exit(await main())
