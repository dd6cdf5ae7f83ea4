import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { WAY_NAMES, WORKLOAD_NAMES } from '../../../../peers/commands/sim/add-sim.ts'
import { EXIT, exitCodeOf } from '../../../../peers/commands/exit-codes.ts'
import { makeProgram } from '../../../../peers/commands/program.ts'
import type { Terminal } from '../../../../peers/commands/terminal.ts'
import type { ExperimentResult } from '../../../../sim/experiment.ts'
import { WAYS } from '../../../../sim/ways.ts'
import { WORKLOADS } from '../../../../sim/workloads/workloads.ts'

const PROJECT = join(import.meta.dirname, '../../../..')
const STRACE = join(PROJECT, 'test/sim/workloads/trace/python-start.strace')

/** Runs `potluck sim` in a process of its own. */
function sim(...given: string[]) {
  const file = join(PROJECT, 'peers/potluck.ts')
  return promisify(execFile)(process.execPath, [file, 'sim', ...given], { maxBuffer: 2 ** 26 })
}

const BROADCAST = ['--workload', 'broadcast', '--set', 'broadcast.bytes=8MiB', '--seed', '3']

test('the same seed gives the same hash in a fresh process', async (t) => {
  const run = async () => {
    const { stdout } = await sim('run', ...BROADCAST, '--nodes', '9', '--json')
    return JSON.parse(stdout) as ExperimentResult[]
  }
  const [[one], [other]] = [await run(), await run()]
  t.regex(one?.hash ?? '', /^[0-9a-f]{16}$/)
  t.is(one?.hash, other?.hash)
  t.deepEqual(one?.finishes, other?.finishes)
})

test('a recorded program is traced, and replayed on every node by two ways', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'potluck-sim-'))
  try {
    const trace = join(directory, 'python.trace')
    const made = await sim('trace', STRACE, '--under', '/usr', '-o', trace)
    t.regex(made.stderr, /python3: 495 calls of 3 processes/)
    const replayed = ['--workload', 'replay', '--trace-file', trace, '--compare', 'direct']
    const places = ['--out', directory, '--trace', join(directory, 'nodes')]
    const run = await sim('run', ...replayed, '--nodes', '4', ...places)
    t.regex(run.stderr, /seed 1: 4 nodes/)
    t.regex(run.stderr, /hash [0-9a-f]{16}/)
    t.regex(run.stdout, /mesh .*\n.*direct /)
    const files = (await readdir(directory)).filter((name) => name.endsWith('.json'))
    t.deepEqual(files.toSorted(), ['replay-4-direct-1.json', 'replay-4-mesh-1.json'])
    const text = await readFile(join(directory, 'replay-4-mesh-1.json'), 'utf8')
    t.is((JSON.parse(text) as ExperimentResult).source.readsABlock, 1)
    const lines = await readFile(join(directory, 'nodes', 'replay-4-mesh-1.txt'), 'utf8')
    t.regex(
      lines,
      /^node 3 life 1 source readdir=\d+ .*\n(node 3 .*\n)*node 3 life 1 counters \w+=/m,
    )
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a mistake is told before anything runs, with what there is', async (t) => {
  const fails = async (message: RegExp, ...given: string[]) => {
    let told = ''
    const keep = (text: string) => void (told += text)
    const terminal: Terminal = {
      out: keep,
      err: keep,
      isWatched: false,
      screen: () => undefined,
      env: {},
      cwd: '/',
      interrupted: new AbortController().signal,
    }
    const program = makeProgram(terminal, '0')
    const error = await t.throwsAsync(
      program.parseAsync(['sim', 'run', ...given], { from: 'user' }),
    )
    t.is(exitCodeOf(error), EXIT.usage)
    t.regex(`${told}${error?.message}`, message)
  }
  await fails(/is no way; there are mesh/, '--ways', 'none')
  await fails(/is no workload; there are import/, '--workload', 'none')
  await fails(/replay needs --trace-file/, '--workload', 'replay')
  await fails(/is no parameter; there are network/, '--set', 'network.x=1')
  await fails(/is not a whole number/, '--nodes', 'many')
  await fails(/is no fault/, '--faults', 'sometimes')
})

test('the help names what there is', (t) => {
  t.is(WAY_NAMES, WAYS.map(({ name }) => name).join(', '))
  t.is(WORKLOAD_NAMES, WORKLOADS.join(', '))
})
