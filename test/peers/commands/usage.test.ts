import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { serveFakeNode } from '../api/fake-node.ts'
import { runCli, temporaryHome } from './cli.ts'

const home = temporaryHome()
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
    title: 'a simulated rate that is none',
    given: ['sim', 'heat', '--pin-above', 'abc'],
    code: 2,
    err: /'--pin-above <N>' argument 'abc' is invalid. It is not a rate above 0/,
  },
  {
    title: 'a report where none can be written',
    given: ['sim', 'heat', '--report', 'nowhere/x.html'],
    code: 2,
    err: /--report: "\S+\/nowhere" can't be written to \(ENOENT\); make it: mkdir -p/,
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
    title: 'no object store at the socket',
    given: ['object', 'get', 'key'],
    code: 4,
    err: /no store answers at .*objects\.sock \(ENOENT\); start one with "potluck object serve"/,
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

test('a socket in use is refused with exit code 3', async (t) => {
  await using served = await serveFakeNode()
  const ran = await runCli(['peer', '--source', `a=${home}`, '--api', served.socket], home)
  t.is(ran.code, 3)
  t.regex(ran.err, /another peer serves on .*api\.sock; stop it or give --api another path/)
})

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
    t.regex(out, /4 {4}unreachable/)
    t.notRegex(out, /default: \d{4,}\)/, 'nobody sees that these are milliseconds')
  }
})
