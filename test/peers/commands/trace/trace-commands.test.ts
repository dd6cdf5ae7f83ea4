import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { decodeTrace, encodeTrace } from '../../../../src/heat/trace-format.ts'
import { files, traceOf } from '../../../src/heat/traces-made.ts'
import { serveFakeNode } from '../../api/fake-node.ts'
import { runCli, temporaryHome } from '../cli.ts'

const home = temporaryHome()

test('a trace is imported by another name, listed, shown, warmed, exported and deleted', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const file = path.join(home, 'start.trace')
  writeFileSync(file, encodeTrace(traceOf('start', files('lib', 20))))
  const run = (...given: readonly string[]) => runCli(given, home, env)
  t.regex((await run('trace', 'import', file, '--as', 'mine')).err, /'mine': 20 files, 80\.0 KiB/)
  t.regex((await run('trace', 'list')).out, /data +mine +python3 +20 +80\.0 KiB +20 +\d{4}-/)
  t.regex((await run('trace', 'show', 'mine')).out, /4\.0 KiB +lib\/file19/)
  t.is((await run('trace', 'show', 'mine', '--report', 'mine.html')).out, '')
  t.is(readFileSync(path.join(home, 'mine.html'), 'utf8').match(/<svg /g)?.length, 2)
  t.is((await run('warm', '--trace', 'mine')).code, 0)
  t.deepEqual(served.node.calls, [['warm', { trace: 'mine' }, true]])
  t.is((await run('trace', 'export', 'mine', '--out', 'out.trace')).code, 0)
  t.is(decodeTrace(readFileSync(path.join(home, 'out.trace'))).name, 'mine')
  t.is((await run('trace', 'delete', 'mine')).out, "deleted 'mine' on every node\n")
  const plain = path.join(home, 'plain')
  writeFileSync(plain, 'not a trace')
  const bad = await run('trace', 'import', plain)
  t.is(bad.code, 2)
  t.regex(bad.err, /plain can't be read as a trace: this is no trace/)
})

test('a command whose trace is empty says so, and runs all the same', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const ran = await runCli(['trace', 'record', 'a', '--', 'echo', '--hello'], home, env)
  t.is(ran.out, '--hello\n')
  t.is(ran.code, 1)
  t.regex(ran.err, /used nothing of this volume/)
})

test('a command that fails is what is told of, not that its trace is empty', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const failed = await runCli(['trace', 'record', 'a', '--', 'sh', '-c', 'exit 3'], home, env)
  t.regex(failed.err, /sh ended with 3; the command used nothing of this volume/)
  const absent = await runCli(['trace', 'record', 'a', '--', './not-there'], home, env)
  t.regex(absent.err, /not-there can't be run \(.*ENOENT/)
})

test('a command that is interrupted while it is recorded ends with 130, and so does its program', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const interrupted = ['trace', 'record', 'a', '--', 'sh', '-c', 'kill -INT $PPID; exec sleep 60']
  const ran = await runCli(interrupted, home, env)
  t.is(ran.code, 130)
})

test('a trace that can not be written says where', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const file = path.join(home, 'one.trace')
  writeFileSync(file, encodeTrace(traceOf('one', files('lib', 20))))
  await runCli(['trace', 'import', file], home, env)
  const ran = await runCli(['trace', 'export', 'one', '--out', 'none/x'], home, env)
  t.is(ran.code, 1)
  t.regex(ran.err, /--out: ENOENT.*none\/x/)
})
