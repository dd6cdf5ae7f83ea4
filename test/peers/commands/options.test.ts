import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { apiSocket, peerSettings } from '../../../peers/commands/options/peer-settings.ts'
import {
  formatBytes,
  formatDuration,
  parseDuration,
  parseSize,
} from '../../../peers/commands/options/quantities.ts'
import { configDirectory, OptionReader } from '../../../peers/commands/options/read-options.ts'
import { parseConfig } from '../../../peers/commands/options/config-file.ts'
import {
  parseEndpoint,
  parseMultiaddr,
  parseNamedDirectory,
  parseSwitch,
} from '../../../peers/commands/options/values.ts'

const SIZES: readonly (readonly [string, number])[] = [
  ['0', 0],
  ['4096', 4096],
  ['1k', 1024],
  ['512M', 512 * 1024 ** 2],
  ['4GiB', 4 * 1024 ** 3],
  ['4 gib', 4 * 1024 ** 3],
  ['1.5G', 1.5 * 1024 ** 3],
  ['2MB', 2_000_000],
  ['1T', 1024 ** 4],
  ['10B', 10],
]
for (const [text, bytes] of SIZES) {
  test(`size ${text} is ${bytes} bytes`, (t) => t.is(parseSize(text), bytes))
}
for (const text of ['', '-1', '4X', 'G', '1e9', '1,5G', '0x10', '4GiBs', '9999999T']) {
  test(`size "${text}" is refused`, (t) => void t.throws(() => parseSize(text)))
}

const DURATIONS: readonly (readonly [string, number])[] = [
  ['30', 30_000],
  ['30s', 30_000],
  ['250ms', 250],
  ['5m', 300_000],
  ['5min', 300_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
]
for (const [text, ms] of DURATIONS) {
  test(`duration ${text} is ${ms} ms`, (t) => t.is(parseDuration(text), ms))
}
for (const text of ['', 's', '-1s', '5 weeks', 'Infinity', '99999d']) {
  test(`duration "${text}" is refused`, (t) => void t.throws(() => parseDuration(text)))
}

test('quantities read well', (t) => {
  t.is(formatBytes(37), '37 B')
  t.is(formatBytes(1536), '1.5 KiB')
  t.is(formatBytes(512 * 1024 ** 2), '512 MiB')
  t.is(formatDuration(1.234), '1.2 ms')
  t.is(formatDuration(4500), '4.5 s')
  t.is(formatDuration(200_000), '3 min 20 s')
  t.is(formatDuration(7_500_000), '2 h 5 min')
})

test('addresses have a host and a port, loopback unless said', (t) => {
  t.deepEqual(parseEndpoint('9100'), { host: '127.0.0.1', port: 9100 })
  t.deepEqual(parseEndpoint(':9100'), { host: '127.0.0.1', port: 9100 })
  t.deepEqual(parseEndpoint('0.0.0.0:9100'), { host: '0.0.0.0', port: 9100 })
  t.deepEqual(parseEndpoint('[::1]:9100'), { host: '::1', port: 9100 })
  for (const text of ['', 'host', 'host:', 'host:99999', '::1:9100', 'a b:1']) {
    t.throws(() => parseEndpoint(text), undefined, text)
  }
})

test('named directories are a name and a path from here', (t) => {
  const parse = parseNamedDirectory('/here')
  t.deepEqual(parse('data=/x'), { volume: 'data', directory: '/x' })
  t.deepEqual(parse('data=x=y'), { volume: 'data', directory: '/here/x=y' })
  for (const text of ['data', '=x', 'data=', 'a b=/x', '../x=/y', `${'n'.repeat(65)}=/x`]) {
    t.throws(() => parse(text), undefined, text)
  }
})

test('a switch is yes or no, a multiaddr is one', (t) => {
  t.true(parseSwitch('Yes'))
  t.false(parseSwitch('0'))
  t.throws(() => parseSwitch('perhaps'))
  t.is(parseMultiaddr('/ip4/0.0.0.0/tcp/4100'), '/ip4/0.0.0.0/tcp/4100')
  t.throws(() => parseMultiaddr('0.0.0.0:4100'))
})

const CONFIG = { file: 'c.yaml', values: parseConfig('c.yaml', 'ram: 3MiB\nsource: {a: /c}\n') }
const FLAGS = { ram: '1MiB', source: ['a=/f', 'b=/f'] }
const ENV = { POTLUCK_RAM: '2MiB', POTLUCK_SOURCE: 'a=/e, b=/e' }

const PRECEDENCE = [
  { title: 'a flag goes before all', flags: FLAGS, env: ENV, ram: 1, sources: 2, where: '--ram' },
  {
    title: 'a variable before the file',
    flags: {},
    env: ENV,
    ram: 2,
    sources: 2,
    where: 'POTLUCK_RAM',
  },
  {
    title: 'the file before the default',
    flags: {},
    env: {},
    ram: 3,
    sources: 1,
    where: 'c.yaml: ram',
  },
  {
    title: 'an empty variable is not set',
    flags: {},
    env: { POTLUCK_RAM: '' },
    ram: 3,
    sources: 1,
    where: 'c.yaml: ram',
  },
]

for (const { title, flags, env, ram, sources, where } of PRECEDENCE) {
  test(title, (t) => {
    const reader = new OptionReader(flags, env, CONFIG)
    t.is(reader.one('ram', parseSize), ram * 1024 ** 2)
    t.is(reader.many('source', parseNamedDirectory('/'))?.length, sources)
    t.is(reader.whereOf('ram'), where)
  })
}

test('nothing said anywhere is the default', (t) => {
  const reader = new OptionReader({}, {}, { file: 'c.yaml', values: new Map() })
  t.is(reader.one('ram', parseSize), undefined)
  t.is(reader.many('source', String), undefined)
})

test('--no-mount overrules the mounts of a config file', (t) => {
  const values = new Map([['mount', ['a=/m']]])
  const reader = new OptionReader({ mount: false }, {}, { file: 'c.yaml', values })
  t.deepEqual(reader.many('mount', String), [])
})

test('a config file has scalars, lists, and mappings of named directories', (t) => {
  const text = 'ram: 4096\nallow-other: true\njoin: [a, b]\nmount:\n  data: /mnt/data\n'
  t.deepEqual(
    [...parseConfig('f', text)],
    [
      ['ram', ['4096']],
      ['allow-other', ['true']],
      ['join', ['a', 'b']],
      ['mount', ['data=/mnt/data']],
    ],
  )
  t.is(parseConfig('f', '').size, 0)
})

for (const text of [
  '[1]',
  'ram: [1, 2]',
  'ram: {a: 1}',
  'ram: null',
  'a: b: c',
  'unknown: 1',
  '"',
]) {
  test(`config ${JSON.stringify(text)} is refused as usage`, (t) => {
    const error = t.throws(() => parseConfig('f.yaml', text))
    t.regex(error.message, /config file f\.yaml/)
  })
}

const home = mkdtempSync(path.join(os.tmpdir(), 'potluck-test-'))
test.after.always(() => rmSync(home, { recursive: true }))
const places = { env: { HOME: home, XDG_RUNTIME_DIR: home }, cwd: '/work' }

test('a source and a mount are enough for a peer', (t) => {
  const settings = peerSettings({ source: ['data=/s'], mount: ['data=/m'] }, places)
  t.like(settings, {
    mesh: 'default',
    key: path.join(home, '.config/potluck/default.key'),
    api: path.join(home, 'potluck/default.sock'),
    listen: ['/ip4/0.0.0.0/tcp/0'],
    join: [],
    coherence: 'gossip',
    revalidateMs: 300_000,
    isPlaintext: false,
    driver: 'kernel',
  })
  t.true(settings.ramBytes >= 16 * 1024 ** 2 && settings.ramBytes <= os.totalmem() / 4)
  t.is(settings.identity, undefined)
})

test('peers that join by host names listen where they are looked for', (t) => {
  t.deepEqual(peerSettings({ source: ['a=/s'], join: ['node1,node2'] }, places).listen, [
    '/ip4/0.0.0.0/tcp/4100',
  ])
  const shared = peerSettings({ source: ['a=/s'], join: ['dir:/shared'] }, places)
  t.deepEqual(shared.listen, ['/ip4/0.0.0.0/tcp/0'])
  t.deepEqual(shared.join, [{ type: 'directory', directory: '/shared' }])
})

const REFUSED: readonly (readonly [Record<string, unknown>, RegExp])[] = [
  [{}, /no volume/],
  [{ source: ['a=/x', 'a=/y'] }, /--source: "a" is given twice/],
  [{ mount: ['a=/x', 'b=/x'] }, /--mount: "\/x" is given twice/],
  [{ source: ['a=/x'], ram: '1k' }, /--ram: "1k" is too small/],
  [{ source: ['a=/x'], block: '8MiB' }, /--block: "8MiB" is not a power of two/],
  [
    { source: ['a=/x'], coherence: 'loose' },
    /--coherence: "loose" is not known; choose one of static/,
  ],
  [{ source: ['a=/x'], lease: '1m' }, /--lease: "1m" is too long; at most 10000ms/],
  [
    { source: ['a=/x'], coherence: 'strict', driver: 'fuse-native' },
    /--coherence strict needs --driver kernel/,
  ],
  [{ source: ['a=/x'], join: ['slurm'] }, /--join: "slurm" .*SLURM_JOB_NODELIST/],
  [{ source: ['a=/x'], api: `/${'x'.repeat(107)}` }, /longer than the 107 bytes/],
  [{ source: ['a=/x'], mesh: '../m' }, /--mesh: "\.\.\/m" is not a name/],
]
for (const [flags, message] of REFUSED) {
  test(`${JSON.stringify(flags).slice(0, 60)} is refused as usage`, (t) => {
    const error = t.throws(() => peerSettings(flags, places))
    t.regex(error.message, message)
    t.is((error as { exitCode?: number }).exitCode, 2)
  })
}

test('the usual config file is read where it is there', (t) => {
  const other = mkdtempSync(path.join(home, 'config-'))
  const env = { XDG_CONFIG_HOME: path.dirname(other), XDG_RUNTIME_DIR: home }
  rmSync(other, { recursive: true })
  t.is(apiSocket({}, { env, cwd: '/' }), path.join(home, 'potluck/default.sock'))
  const file = path.join(home, 'usual.yaml')
  writeFileSync(file, 'mesh: blue\n')
  t.is(apiSocket({ config: file }, { env, cwd: '/' }), path.join(home, 'potluck/blue.sock'))
  t.is(
    apiSocket({}, { env: { ...env, POTLUCK_CONFIG: file }, cwd: '/' }),
    path.join(home, 'potluck/blue.sock'),
  )
})

test('a HOME that is empty is none: nothing is kept where the command is run', (t) => {
  t.is(configDirectory({ HOME: '/home/a' }), '/home/a/.config/potluck')
  const { homedir } = os.userInfo()
  t.is(configDirectory({ HOME: '' }), path.join(homedir, '.config/potluck'))
  t.is(configDirectory({}), path.join(homedir, '.config/potluck'))
})
