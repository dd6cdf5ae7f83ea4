import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { peerSettings } from '../../../../peers/commands/options/peer-settings.ts'
import { temporaryHome } from '../cli.ts'

const home = temporaryHome()
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
