// `npm run conformance`: other people's tests of file systems, and other people's programs, on a real
// mount. They were written without a thought of this project, which is why they are believed. Each
// suite has a mount of its own; what can't run here is skipped with its reason, never left out.
import { accessSync, constants, writeFileSync } from 'node:fs'
import os from 'node:os'
import { type ConformanceOptions, readOptions } from './options.ts'
import { hasFailed, reportOf, type Result, skippedSuite } from './report.ts'
import { killPrograms } from './tools/run-program.ts'
import { openDirectory, openMounts, type Stage } from './stage.ts'
import type { Settings, Suite } from './suite.ts'
import { SUITES } from './suites.ts'

let stage: Stage | undefined

function say(text: string): void {
  process.stderr.write(`conformance: ${text}\n`)
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) return 2
  // Last of all and without waiting: whatever is still there goes.
  process.on('exit', () => {
    killPrograms()
    stage?.drop()
  })
  const settings = { ...options, signal: watchSignals() }
  const results: Result[] = []
  for (const suite of SUITES.filter(({ name }) =>
    options.only.includes(name.split(/[ ,]/)[0] ?? ''),
  )) {
    results.push(await runSuite(suite, options, settings))
    if (settings.signal.aborted) return 130
    say(`${suite.name}: ${summaryOf(results.at(-1))}`)
  }
  publish(options, results)
  return hasFailed(results) ? 1 : 0
}

async function runSuite(
  suite: Suite,
  options: ConformanceOptions,
  settings: Settings,
): Promise<Result> {
  const reason = suite.missing(settings)
  if (reason !== undefined) return skippedSuite(suite.name, reason)
  const from = performance.now()
  const result = await judge(suite, options, settings)
  return { ...result, suite: suite.name, seconds: (performance.now() - from) / 1000 }
}

/** A suite that can't be run to its end, or a peer that does not live through it, has failed. */
async function judge(
  suite: Suite,
  options: ConformanceOptions,
  settings: Settings,
): Promise<Omit<Result, 'suite' | 'seconds'>> {
  let version = '-'
  try {
    version = await suite.version(settings)
    stage = await openStage(options, settings.signal)
    const outcome = await suite.run(stage.makePlace('judged'), settings)
    const trouble = stage.trouble()
    if (trouble === undefined) return { ...outcome, version }
    const failures = [...outcome.failures, { what: 'the peers', why: trouble }]
    return { ...outcome, failures, version }
  } catch (error) {
    const why = `${String(error)} ${stage?.trouble() ?? ''}`.trim()
    return { version, passed: 0, failures: [{ what: 'the run', why }], skips: [] }
  } finally {
    await stage?.close()
    stage = undefined
  }
}

async function openStage(
  { on, ...options }: ConformanceOptions,
  signal: AbortSignal,
): Promise<Stage> {
  if (on !== undefined) return openDirectory(on)
  return await openMounts({ ...options, directory: memoryDirectory(), signal })
}

function memoryDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch (error) {
    say(`${String(error)}; the source is in ${os.tmpdir()}`)
    return os.tmpdir()
  }
}

function summaryOf(result: Result | undefined): string {
  const { passed = 0, failures = [], skips = [], seconds = 0 } = result ?? {}
  const reason = passed + failures.length === 0 ? ` (${skips[0]?.reason})` : ''
  const counts = `${passed} passed, ${failures.length} failed, ${skips.length} skipped${reason}`
  return `${counts}, ${seconds.toFixed(0)} s`
}

function publish(options: ConformanceOptions, results: readonly Result[]): void {
  const { json, on, peerOptions, isWithoutSource } = options
  const source = isWithoutSource ? ', of a peer without the source' : ''
  const where = on ?? `mount with ${peerOptions.join(' ')}${source}`
  const circumstances = {
    where,
    date: new Date().toISOString(),
    node: process.version,
    kernel: os.release(),
    cores: os.availableParallelism(),
  }
  const text = `${JSON.stringify({ ...circumstances, results }, undefined, 2)}\n`
  if (json === '-') return void process.stdout.write(text)
  if (json !== undefined) writeFileSync(json, text)
  const { kernel, node } = circumstances
  process.stdout.write(`${reportOf(results)}on ${where}; Linux ${kernel}, Node ${node}\n`)
}

function watchSignals(): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(130)
      say('interrupted; ending programs and peers')
      interrupted.abort()
    })
  }
  return interrupted.signal
}

process.exit(await main())
