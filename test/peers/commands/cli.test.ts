import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { decodeTrace, encodeTrace } from '../../../src/heat/trace-format.ts'
import { files, traceOf } from '../../src/heat/traces-made.ts'
import { serveFakeNode } from '../api/fake-node.ts'
import { runCli } from './cli.ts'

const home = mkdtempSync(path.join(os.tmpdir(), 'potluck-test-'))
test.after.always(() => rmSync(home, { recursive: true }))
writeFileSync(path.join(home, 'plain'), 'not a socket')
writeFileSync(path.join(home, 'bad.yaml'), 'rm: 4GiB\n')

type Case = {
  readonly title: string
  readonly given: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly code: number
  readonly err: RegExp
}

const MISTAKES: readonly Case[] = [
  { title: 'no volume', given: ['peer'], code: 2, err: /no volume; give --source NAME=DIR/ },
  {
    title: 'a size that is none',
    given: ['peer', '--source', 'a=/x', '--ram', '12X'],
    code: 2,
    err: /--ram: "12X" is not a size; write it like 512M/,
  },
  {
    title: 'a bad variable',
    given: ['peer', '--source', 'a=/x'],
    env: { POTLUCK_BLOCK: '5000' },
    code: 2,
    err: /POTLUCK_BLOCK: "5000" is not a power of two/,
  },
  {
    title: 'an unknown key in the config file',
    given: ['peer', '--config', 'bad.yaml'],
    code: 2,
    err: /bad\.yaml: unknown option "rm"; known are mesh, key/,
  },
  {
    title: 'a config file that is not there',
    given: ['status', '--config', 'none.yaml'],
    code: 2,
    err: /none\.yaml can't be read \(ENOENT\)/,
  },
  {
    title: 'a mount point that is not there',
    given: ['peer', '--mount', 'a=none'],
    code: 2,
    err: /--mount: "\S+\/none" is not there; make it: mkdir -p/,
  },
  {
    title: 'a mount point that is a file',
    given: ['peer', '--mount', 'a=plain'],
    code: 2,
    err: /--mount: "\S+\/plain" is not a directory/,
  },
  {
    title: 'an address of another machine to listen on',
    given: ['peer', '--source', 'a=.', '--listen', '/ip4/192.0.2.200/tcp/0'],
    code: 2,
    err: /--listen: can't listen on \/ip4\/192\.0\.2\.200\/tcp\/0 \(EADDRNOTAVAIL\): no interface/,
  },
  {
    title: 'a node list without a job',
    given: ['peer', '--source', 'a=.', '--join', 'slurm'],
    code: 2,
    err: /--join: "slurm" can't be used: SLURM_JOB_NODELIST is not set/,
  },
  {
    title: 'a host file that is not there',
    given: ['peer', '--source', 'a=.', '--join', 'hosts:none', '--listen', '/ip4/127.0.0.1/tcp/0'],
    code: 2,
    err: /--join: the host file none is not there/,
  },
  {
    title: 'a key file where none can be',
    given: ['peer', '--source', 'a=.', '--key', 'plain/key'],
    code: 1,
    err: /mesh key file \S+\/plain\/key can't be used \(ENOTDIR.*\); name another with --key/,
  },
  {
    title: 'a home directory that is a file',
    given: ['peer', '--source', 'a=.'],
    env: { HOME: path.join(home, 'plain') },
    code: 1,
    err: /mesh key file \S+\/plain\/\S+ can't be used \(ENOTDIR.*\); name another with --key/,
  },
  {
    title: 'a socket where none can be',
    given: ['peer', '--source', 'a=.', '--api', 'plain/s'],
    code: 1,
    err: /can't listen on \S+\/plain\S* \((EEXIST|ENOTDIR)\); give --api another path/,
  },
  {
    title: 'a local disk that is a file',
    given: ['peer', '--source', 'a=.', '--spill', 'plain', '--listen', '/ip4/127.0.0.1/tcp/0'],
    code: 1,
    err: /--spill: \S+\/plain is not a directory/,
  },
  {
    title: 'a demonstration by a driver that is none',
    given: ['demo', '--driver', 'foo'],
    code: 2,
    err: /'--driver <NAME>' argument 'foo' is invalid. It is not known; choose one of kernel/,
  },
  {
    title: 'a demonstration with a size that is none',
    given: ['demo', '--inline', 'foo'],
    code: 2,
    err: /'--inline <SIZE>' argument 'foo' is invalid. It is not a size; write it like/,
  },
  {
    title: 'an unknown option',
    given: ['peer', '--rm', '1'],
    code: 2,
    err: /unknown option '--rm'/,
  },
  {
    title: 'an unknown command',
    given: ['pear'],
    code: 2,
    err: /unknown command 'pear'.*\n?.*peer/,
  },
  {
    title: 'a missing argument',
    given: ['warm'],
    code: 2,
    err: /give either paths or --trace NAME/,
  },
  {
    title: 'a bad number',
    given: ['ready', '--peers', '0'],
    code: 2,
    err: /'0' is invalid. It is not a/,
  },
  {
    title: 'open text without an address',
    given: ['peer', '--source', 'a=/x', '--insecure', 'plaintext'],
    code: 2,
    err: /--insecure plaintext needs --listen/,
  },
  {
    title: 'no peer at the socket',
    given: ['status'],
    code: 4,
    err: /no peer answers at .*default\.sock/,
  },
  {
    title: 'a peer that is not ready in time',
    given: ['ready', '--timeout', '200ms'],
    code: 4,
    err: /not ready after 0\.2 s: no peer answers/,
  },
  {
    title: 'a tree that is not there',
    given: ['demo', '--tree', '/not/there'],
    code: 1,
    err: /--tree: "\/not\/there" can't be read \(ENOENT\)/,
  },
]

for (const { title, given, env, code, err } of MISTAKES) {
  test(`${title} ends with exit code ${code} and says why`, async (t) => {
    const ran = await runCli(given, home, env)
    t.regex(ran.err, err)
    t.is(ran.code, code)
    t.is(ran.out, '')
    t.false(ran.err.includes('    at '), 'a stack trace is not for users')
  })
}

test('--help of everything says what there is, with precedence and exit codes', async (t) => {
  const commands = ['peer', 'ready', 'status', 'warm', 'invalidate', 'holders', 'demo']
  const whole = await runCli(['--help'], home)
  t.is(whole.code, 0)
  for (const command of commands) t.true(whole.out.includes(`  ${command} `), command)
  t.regex(whole.out, /flag, environment, config file, default/)
  t.regex(whole.out, /4 {4}unreachable/)
  for (const command of commands) {
    const { code, out } = await runCli([command, '--help'], home)
    t.is(code, 0)
    t.true(out.startsWith(`Usage: potluck ${command}`))
  }
})

test('status is a table for people and JSON for programs', async (t) => {
  await using served = await serveFakeNode()
  const table = await runCli(['status', '--api', served.socket], home)
  t.regex(table.out, /peer-a {2}\(mesh default, pid 42, up 1 min 5 s\)/)
  t.regex(table.out, /data +gossip +4\.0 KiB +\/mnt\/data +2 +8\.0 KiB/)
  t.regex(table.out, /data +peer +3 +30\.0%/)
  const json = await runCli(['status', '--json', '--api', served.socket], home)
  t.is((JSON.parse(json.out) as { pid: number }).pid, 42)
})

test('a page with pictures of a peer loads nothing, and shows what is hot', async (t) => {
  await using served = await serveFakeNode()
  const page = path.join(home, 'status.html')
  const { code, err } = await runCli(['status', '--report', page, '--api', served.socket], home)
  t.is(code, 0, err)
  const text = readFileSync(page, 'utf8')
  t.is(text.match(/<svg /g)?.length, 4)
  t.deepEqual(text.match(/<script|src=|href=|url\([^#]|@import/g), null)
  t.true(text.includes('Uses a second in the mesh') && text.includes('lib/hot&lt;1&gt;.py'))
  t.true(text.includes('pinned   3 files in the mesh; 4.0 KiB of 8.0 KiB here'))
})

test('warm, invalidate and holders take a volume and path, or a path in a mount', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const warm = await runCli(['warm', 'data:lib', '/mnt/data/large', '--every-node'], home, env)
  t.is(warm.out, 'data: 2 files, 20 B warm here; every other node has begun\n')
  const one = await runCli(['invalidate', '/mnt/data/é'], home, env)
  t.is(one.out, 'invalidated /mnt/data/é on every node\n')
  const holders = await runCli(['holders', 'data:large'], home, env)
  t.regex(holders.out, /peer-b +2 of 3 +yes/)
  t.deepEqual(served.node.calls, [
    ['warm', ['lib', 'large'], true],
    ['invalidate', '\u00c3\u00a9', { recursive: false }],
    ['holders', 'large'],
  ])
  const outside = await runCli(['holders', '/etc/passwd'], home, env)
  t.is(outside.code, 2)
  t.regex(
    outside.err,
    /"\/etc\/passwd" is not inside a mount of this peer; give VOLUME:PATH \(data:\)/,
  )
})

test('ready says how long it took', async (t) => {
  await using served = await serveFakeNode()
  const ran = await runCli(['ready', '--peers', '3', '--api', served.socket], home)
  t.regex(ran.out, /^ready: 3 peers, after \d+\.\d\d s\n$/)
  const late = await runCli(
    ['ready', '--peers', '9', '--timeout', '1', '--api', served.socket],
    home,
  )
  t.is(late.code, 4)
  t.regex(late.err, /3 of 9 peers are in sight; check --join/)
})

test('a trace is imported by another name, listed, shown, warmed, exported and deleted', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const file = path.join(home, 'start.trace')
  writeFileSync(file, encodeTrace(traceOf('start', files('lib', 20))))
  const run = (...given: readonly string[]) => runCli(given, home, env)
  t.regex((await run('trace', 'import', file, '--as', 'mine')).err, /'mine': 20 files, 80\.0 KiB/)
  t.regex((await run('trace', 'list')).out, /data +mine +python3 +20 +80\.0 KiB +20 +\d{4}-/)
  t.regex((await run('trace', 'show', 'mine')).out, /4\.0 KiB +lib\/file19/)
  t.is((await run('warm', '--trace', 'mine')).code, 0)
  t.deepEqual(served.node.calls, [['warm', { trace: 'mine' }, true]])
  t.is((await run('trace', 'export', 'mine', '--out', 'out.trace')).code, 0)
  t.is(decodeTrace(readFileSync(path.join(home, 'out.trace'))).name, 'mine')
  t.is((await run('trace', 'delete', 'mine')).out, "deleted 'mine' on every node\n")
  const bad = await run('trace', 'import', path.join(home, 'plain'))
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

test('a socket in use is refused with exit code 3', async (t) => {
  await using served = await serveFakeNode()
  const ran = await runCli(['peer', '--source', `a=${home}`, '--api', served.socket], home)
  t.is(ran.code, 3)
  t.regex(ran.err, /another peer serves on .*api\.sock; stop it or give --api another path/)
})
