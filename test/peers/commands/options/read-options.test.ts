import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { apiSocket } from '../../../../peers/commands/options/peer-settings.ts'
import { parseSize } from '../../../../peers/commands/options/quantities.ts'
import {
  configDirectory,
  type Environment,
  type Flags,
  OptionReader,
} from '../../../../peers/commands/options/read-options.ts'
import { parseConfig } from '../../../../peers/commands/options/config-file.ts'
import { parseNamedDirectory } from '../../../../peers/commands/options/values.ts'
import { temporaryHome } from '../cli.ts'

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

const home = temporaryHome()

test('the usual config file is read where it is there, and another where one is named', (t) => {
  const env = { XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: home }
  const socket = (flags: Flags, more: Environment = {}) =>
    path.relative(home, apiSocket(flags, { env: { ...env, ...more }, cwd: '/' }))
  t.is(socket({}), 'potluck/default.sock')
  mkdirSync(path.join(home, 'potluck'))
  writeFileSync(path.join(home, 'potluck/config.yaml'), 'mesh: red\n')
  t.is(socket({}), 'potluck/red.sock')
  const named = path.join(home, 'named.yaml')
  writeFileSync(named, 'mesh: blue\n')
  t.is(socket({ config: named }), 'potluck/blue.sock')
  t.is(socket({}, { POTLUCK_CONFIG: named }), 'potluck/blue.sock')
})

test('a HOME that is empty is none: nothing is kept where the command is run', (t) => {
  t.is(configDirectory({ HOME: '/home/a' }), '/home/a/.config/potluck')
  const { homedir } = os.userInfo()
  t.is(configDirectory({ HOME: '' }), path.join(homedir, '.config/potluck'))
  t.is(configDirectory({}), path.join(homedir, '.config/potluck'))
})
