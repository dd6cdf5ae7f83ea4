import test from 'ava'
import {
  formatBytes,
  formatCountOf,
  formatDuration,
  parseDuration,
  parseSize,
} from '../../../../peers/commands/options/quantities.ts'
import {
  parseEndpoint,
  parseMultiaddr,
  parseNamedDirectory,
  parseSwitch,
} from '../../../../peers/commands/options/values.ts'

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
  t.is(formatCountOf(1, 'file'), '1 file')
  t.is(formatCountOf(12_345, 'file'), '12,345 files')
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
