import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openTraceFiles, readTraceFile } from '../../../peers/state/trace-files.ts'
import { encodeTrace } from '../../../src/heat/trace-format.ts'
import { files, traceOf } from '../../src/heat/traces-made.ts'

async function stateFor(t: ExecutionContext): Promise<string> {
  const state = await mkdtemp(path.join(os.tmpdir(), 'potluck-test-'))
  t.teardown(() => rm(state, { recursive: true }))
  return state
}

const quiet = () => undefined

test('what is kept is there at the next start, as it was last', async (t) => {
  const state = await stateFor(t)
  const first = await openTraceFiles({ state, volume: 'tools' }, quiet)
  t.deepEqual(first.traces, [])
  first.keep('a', traceOf('a', files('lib', 20)))
  first.keep('b', traceOf('b', files('lib', 30)))
  first.keep('a', traceOf('a', files('lib', 40)))
  first.keep('b', undefined)
  await first.settled()
  const second = await openTraceFiles({ state, volume: 'tools' }, quiet)
  t.deepEqual(second.traces, [traceOf('a', files('lib', 40))])
  t.deepEqual((await openTraceFiles({ state, volume: 'other' }, quiet)).traces, [])
})

test('a volume can not be named so that its traces lie elsewhere', async (t) => {
  const state = await stateFor(t)
  for (const volume of ['..', '.', 'a/../../b']) {
    const opened = await openTraceFiles({ state, volume }, quiet)
    opened.keep('a', traceOf('a', files('lib', 20)))
    await opened.settled()
  }
  t.deepEqual(await readdir(state), ['traces'])
  t.is((await readdir(path.join(state, 'traces'))).length, 3)
})

test('what is no trace is passed over, and said', async (t) => {
  const state = await stateFor(t)
  const opened = await openTraceFiles({ state, volume: 'v' }, quiet)
  opened.keep('good', traceOf('good', files('lib', 20)))
  await opened.settled()
  const directory = path.join(state, 'traces', 'v')
  await writeFile(path.join(directory, 'bad.trace'), 'no trace')
  await writeFile(path.join(directory, 'long.trace'), Buffer.alloc(3 * 1024 * 1024))
  await writeFile(path.join(directory, 'other.trace'), encodeTrace(traceOf('another', ['x'])))
  await symlink('/etc/passwd', path.join(directory, 'link.trace'))
  const said: string[] = []
  const log = (_: string, message: string) => void said.push(message)
  const { traces } = await openTraceFiles({ state, volume: 'v' }, log)
  t.deepEqual(
    traces.map(({ name }) => name),
    ['good'],
  )
  t.is(said.length, 3)
  t.regex(said.toSorted()[0] ?? '', /bad\.trace is passed over: .*this is no trace/)
})

test('a trace that can not be written is said, and nothing else happens', async (t) => {
  const state = await stateFor(t)
  const said: string[] = []
  const opened = await openTraceFiles(
    { state, volume: 'v' },
    (_, message) => void said.push(message),
  )
  await rm(path.join(state, 'traces', 'v'), { recursive: true })
  opened.keep('a', traceOf('a', files('lib', 20)))
  opened.keep('b', undefined)
  await opened.settled()
  t.is(said.length, 2)
})

test('a directory is no trace', async (t) => {
  const state = await stateFor(t)
  await t.throwsAsync(readTraceFile(state))
})
