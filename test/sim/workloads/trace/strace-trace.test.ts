import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { traceOfStrace } from '../../../../sim/workloads/trace/strace-trace.ts'
import { decodeTrace, encodeTrace, type Trace } from '../../../../sim/workloads/trace/trace.ts'

/**
 * Recorded with `strace -f -ttt -T -s 0 -e trace=%file,read,pread64,mmap,fstat,getdents64,lseek,close,
 * dup,dup2,dup3,fcntl,fchdir,clone,clone3,vfork,fork -o FILE python3 -I job.py` of a program that
 * imports json, http.client, subprocess and threading, imports csv in a thread, and runs env true.
 */
const PYTHON_START = readFileSync(join(import.meta.dirname, 'python-start.strace'), 'latin1')

function traceOf(lines: readonly string[], options: { under?: string; cwd?: string } = {}) {
  return traceOfStrace(lines, { under: '/usr', cwd: '/usr/bin', ...options })
}

function callsOf({ steps }: Trace, process = 0): unknown[] {
  return steps.filter((step) => step.process === process).map(({ call }) => Object.values(call))
}

test('the start of a real Python program becomes what it asked for, there and not there', async (t) => {
  const trace = await traceOf(PYTHON_START.split('\n'))
  t.is(trace.processes, 3)
  t.is(trace.program, '/usr/bin/python3')
  const kinds = Map.groupBy(trace.steps, ({ call }) => call.kind)
  t.is(kinds.get('list')?.length, 16)
  t.true((kinds.get('read')?.length ?? 0) > 80)
  const isThere = (path: string) => trace.files.has(path) || trace.directories.has(path)
  const absent = (kinds.get('stat') ?? []).filter(({ call }) => !isThere(call.path))
  t.true(absent.length > 40)
  // Its compiled modules are read whole, each at its size; a shared object is mapped.
  const json = 'lib/python3.11/json/__pycache__/decoder.cpython-311.pyc'
  const read = trace.steps.filter(({ call }) => call.path === json && call.kind === 'read')
  t.like(read[0]?.call, { from: 0, length: trace.files.get(json) as number })
  const ssl = 'lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so'
  t.true(trace.steps.filter(({ call }) => call.path === ssl && call.kind === 'read').length > 3)
  // The thread, and the program that was run, are processes of their own.
  t.true(callsOf(trace, 1).some((call) => String(call).includes('csv.py')))
  t.deepEqual(callsOf(trace, 2).at(-1), ['read', 'bin/true', 0, 131_072])
})

test('times between calls are those of the record', async (t) => {
  const trace = await traceOf([
    '1 100.000 openat(AT_FDCWD, "/usr/a", O_RDONLY) = 3 <0.002>',
    '2 100.001 openat(AT_FDCWD, "/usr/b", O_RDONLY) = 3 <0.001>',
    '1 100.010 read(3, ""..., 10) = 10 <0.001>',
  ])
  const after = trace.steps.map(({ process, afterMs }) => [
    process,
    Math.round(afterMs * 1e3) / 1e3,
  ])
  t.deepEqual(after, [
    [0, 0],
    [1, 1],
    [0, 8],
  ])
})

test('descriptors are followed: offsets, duplicates, forks, exec, directories', async (t) => {
  const trace = await traceOf([
    '1 openat(AT_FDCWD, "../lib/x", O_RDONLY|O_CLOEXEC) = 3',
    '1 fstat(3, {st_mode=S_IFREG|0644, st_size=500, ...}) = 0',
    '1 read(3, ""..., 100) = 100',
    '1 dup2(3, 7) = 7',
    '1 clone(child_stack=NULL, flags=SIGCHLD) = 2',
    '2 read(7, ""..., 100) = 100',
    '1 read(3, ""..., 100) = 100',
    '1 lseek(3, 400, SEEK_SET) = 400',
    '1 read(7, ""..., 500) = 100',
    '1 read(7, "", 500) = 0',
    '1 openat(AT_FDCWD, "/usr/share", O_RDONLY|O_DIRECTORY) = 4',
    '1 getdents64(4, 0x5641 /* 7 entries */, 32768) = 216',
    '1 getdents64(4, 0x5641 /* 0 entries */, 32768) = 0',
    '1 newfstatat(4, "deep/er", 0x7ffc, 0) = -1 ENOENT (No such file or directory)',
    '1 openat(4</usr/share>, "y", O_RDONLY) = -1 EACCES (Permission denied)',
    '1 execve("/usr/bin/env", ["env"], 0x7ffc /* 9 vars */) = 0',
    '1 read(3, ""..., 100) = 100',
    '1 read(7, ""..., 100) = 100',
  ])
  t.deepEqual(callsOf(trace), [
    ['stat', 'lib/x'],
    ['read', 'lib/x', 0, 100],
    ['read', 'lib/x', 200, 100],
    ['read', 'lib/x', 400, 100],
    ['stat', 'share'],
    ['list', 'share'],
    ['stat', 'share/deep/er'],
    ['read', 'bin/env', 0, 131_072],
    ['read', 'lib/x', 500, 100],
  ])
  t.deepEqual(callsOf(trace, 1), [['read', 'lib/x', 100, 100]])
  t.is(trace.files.get('lib/x'), 600)
  t.deepEqual([...trace.directories].toSorted(), ['bin', 'lib', 'share'])
})

test('what lies elsewhere is left out, and a record of nothing else is refused', async (t) => {
  const elsewhere = ['1 openat(AT_FDCWD, "/etc/x", O_RDONLY) = 3', '1 read(3, ""..., 10) = 10']
  await t.throwsAsync(traceOf(elsewhere), { code: 'MALFORMED' })
  const trace = await traceOf(elsewhere, { under: '/' })
  t.deepEqual(callsOf(trace), [
    ['stat', 'etc/x'],
    ['read', 'etc/x', 0, 10],
  ])
})

test('a trace comes back from its file as it was', async (t) => {
  const trace = await traceOf(PYTHON_START.split('\n'))
  const again = decodeTrace(encodeTrace(trace))
  t.deepEqual(again.files, trace.files)
  t.deepEqual(again.directories, trace.directories)
  t.deepEqual(
    again.steps.map(({ call }) => call),
    trace.steps.map(({ call }) => call),
  )
})

test('a trace that is damaged says in which line', (t) => {
  const header = '{"format":"potluck-trace","version":1,"program":"","processes":1}'
  const bad = (line: string) => t.throws(() => decodeTrace([header, line]), { code: 'MALFORMED' })
  t.regex(bad('{"process":0,"after":0,"stat":"../x"}').message, /^line 2 /)
  bad('{"process":1,"after":0,"stat":"x"}')
  bad('{"process":0,"after":-1,"stat":"x"}')
  bad('{"process":0,"after":0,"read":"x","from":0}')
  bad('{"process":0,"after":0,"stat":"/x"}')
  bad('{"file":"x","bytes":"many"}')
  bad('[')
  t.throws(() => decodeTrace(['{"format":"other"}']), { message: /line 1 .*potluck sim trace/ })
  t.throws(() => decodeTrace([]), { code: 'MALFORMED' })
})
