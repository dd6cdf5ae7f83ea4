import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { parseReport } from '../../../../sim/report/entry.ts'
import { runCli } from '../cli.ts'

const SMALL = ['--workload', 'broadcast', '--set', 'broadcast.bytes=4MiB', '--nodes', '2']

test('a run with what is varied makes a page, and pages are merged', async (t) => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'potluck-report-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const varied = ['--vary', 'node.prefixBits=1,2', '--compare', 'direct', '--report', 'a.html']
  const ran = await runCli(['sim', 'run', ...SMALL, ...varied], home)
  t.is(ran.code, 0, ran.err)
  t.regex(readFileSync(path.join(home, 'a.html'), 'utf8'), /over node\.prefixBits/)
  const { entries } = parseReport(readFileSync(path.join(home, 'a.json'), 'utf8'))
  t.deepEqual(
    entries.map(({ plan }) => `${plan.way} ${plan.settings[1]}`),
    ['mesh', 'direct'].flatMap((way) => [1, 2].map((bits) => `${way} node.prefixBits=${bits}`)),
  )
  t.true(entries.every(({ result, bound }) => result.finishMs.last > (bound?.ms ?? Infinity)))
  const merged = await runCli(['sim', 'report', 'a.json', 'a.json', '--out', 'b.html'], home)
  t.is(merged.code, 0, merged.err)
  t.is(parseReport(readFileSync(path.join(home, 'b.json'), 'utf8')).entries.length, 8)
})

test('what is no report, and a page that would be its own JSON, is told', async (t) => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'potluck-report-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const missing = await runCli(['sim', 'report', 'none.json', '--out', 'b.html'], home)
  t.is(missing.code, 1)
  t.regex(missing.err, /none\.json/)
  t.false(existsSync(path.join(home, 'b.html')))
  const nowhere = await runCli(['sim', 'run', ...SMALL, '--report', 'none/a.html'], home)
  t.is(nowhere.code, 2)
  t.regex(
    nowhere.err,
    /^[^\n]*--report: "\S+\/none" can't be written to \(ENOENT\); make it: mkdir/,
  )
  const clash = await runCli(['sim', 'run', ...SMALL, '--report', 'a.json'], home)
  t.is(clash.code, 2)
})
