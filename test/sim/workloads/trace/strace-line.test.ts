import test from 'ava'
import {
  type StraceCall,
  StraceLines,
  unquote,
} from '../../../../sim/workloads/trace/strace-line.ts'

function take(...lines: string[]): StraceCall | undefined {
  const parser = new StraceLines()
  return lines.map((line) => parser.take(line)).at(-1)
}

test('a line gives who, when, what, with what and how it ended, in each of its forms', (t) => {
  const full = take('11 1795.25 openat(AT_FDCWD, "/a,b", O_RDONLY|O_CLOEXEC) = 3 <0.000011>')
  t.like(full, { pid: 11, atSeconds: 1795.25, name: 'openat', result: 3, tookSeconds: 0.000011 })
  t.deepEqual(full?.arguments, ['AT_FDCWD', '"/a,b"', 'O_RDONLY|O_CLOEXEC'])
  t.like(take('[pid    7] 12:00:01.5 close(3)        = 0'), { pid: 7, atSeconds: 43_201.5 })
  t.like(take('access("/x", R_OK) = -1 ENOENT (No such file or directory)'), {
    pid: 0,
    atSeconds: undefined,
    result: -1,
    error: 'ENOENT',
  })
  const struct = take('9 stat("/d", {st_mode=S_IFDIR|0755, st_size=4096, ...}) = 0')
  t.is(struct?.arguments[1], '{st_mode=S_IFDIR|0755, st_size=4096, ...}')
  t.is(take('5 read(3</usr/x, y>, "a\\")b"..., 10) = 10')?.arguments[1], '"a\\")b"...')
  t.is(take('5 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0x1000) = 0x7f73')?.result, 0x7f73)
})

test('a call that another process interrupted is put together again, at its own time', (t) => {
  const call = take(
    '1 10.5 read(3,  <unfinished ...>',
    '2 10.6 read(4,  <unfinished ...>',
    '1 10.7 <... read resumed>""..., 4096) = 18 <0.2>',
  )
  t.like(call, { pid: 1, atSeconds: 10.5, name: 'read', result: 18 })
  t.deepEqual(call?.arguments, ['3', '""...', '4096'])
  t.is(take('1 10.7 <... read resumed>""..., 4096) = 18'), undefined)
})

test('signals, exits and what else is no call is nothing', (t) => {
  t.is(take('1 --- SIGCHLD {si_signo=SIGCHLD} ---'), undefined)
  t.is(take('1 +++ exited with 0 +++'), undefined)
  t.is(take('strace: Process 12 attached'), undefined)
  t.is(take(''), undefined)
  t.like(take('1 exit_group(0) = ?'), { name: 'exit_group', result: -1 })
})

test('a quoted path is a byte string again', (t) => {
  t.is(unquote('"/\\303\\251\\t\\"x\\\\"'), '/\u00c3\u00a9\t"x\\')
  t.is(unquote('"/\\x41"'), '/A')
  t.is(unquote('NULL'), undefined)
})
