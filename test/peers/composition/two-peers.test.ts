import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'ava'
import { apiTree, directoryTree } from '../../../peers/commands/demo/reading.ts'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { testUnless } from '../../skip.ts'
import { runCli } from '../commands/cli.ts'
import { Place, mountsBelow } from './peer-process.ts'
import { sentencesOf } from '../commands/sentences.ts'

const fuseTest = testUnless(whyNoMount(process.env))

async function makeTree(place: Place): Promise<string> {
  const root = place.makeDirectory('source')
  await mkdir(path.join(root, 'lib/deep'), { recursive: true })
  await writeFile(path.join(root, 'large'), Buffer.alloc(3_500_000, 'large file '))
  await writeFile(path.join(root, 'empty'), '')
  await writeFile(path.join(root, 'lib/é with a space.py'), 'print("é")\n', { mode: 0o640 })
  for (let i = 0; i < 40; i++) await writeFile(path.join(root, `lib/deep/${i}.txt`), `file ${i}`)
  await symlink('../large', path.join(root, 'lib/link'))
  return root
}

/** 4 blocks of the large file and one of each small one. */
const BLOCKS = 4 + 1 + 40

async function twoPeers(place: Place, isMounted: boolean) {
  const root = await makeTree(place)
  const mounts = ['a', 'b'].map((name) => place.makeDirectory(`mount-${name}`))
  const [a = [], b = []] = mounts.map((mount) => (isMounted ? ['--mount', `data=${mount}`] : []))
  const first = await place.startPeer('a', ['--source', `data=${root}`, ...a])
  const other = isMounted
    ? b
    : ['--mount', 'data=/nowhere', '--no-mount', '--source', `data=${root}`]
  const second = await place.startPeer('b', ['--join', first.address, ...other])
  const env = { POTLUCK_API: second.socket }
  const ready = await runCli(['ready', '--peers', '2', '--timeout', '30'], place.directory, env)
  return { root, mounts, first, second, ready }
}

test('two peers serve one tree through their APIs, and the source is read once', async (t) => {
  await using place = new Place()
  const { root, first, second, ready } = await twoPeers(place, false)
  t.is(ready.code, 0, ready.err)
  t.regex(
    first.line,
    /^potluck peer \S+ is up; listening on \S+; nothing mounted; api \S+a\.sock\n$/,
  )
  const expected = await sentencesOf(directoryTree(root))
  const trees = [first, second].map((peer) => apiTree(peer.client, 'data'))
  const found = await Promise.all(trees.map(sentencesOf))
  for (const each of found) t.deepEqual(each, expected)
  const statuses = await Promise.all([first.client.status(), second.client.status()])
  const counts = statuses.map((status) => status.sources['data']?.['reads'] ?? NaN)
  const reads = counts.reduce((sum, each) => sum + each)
  // Where the machine lets a peer stand still for a second, the other one reads for itself.
  t.true(reads >= BLOCKS && reads <= BLOCKS + 5, `${reads} reads of ${BLOCKS} blocks`)
  t.is(await first.end('SIGTERM'), 0)
  t.is(await second.end('SIGINT'), 0)
  t.false(existsSync(first.socket))
})

fuseTest('a peer without the source mounts what the other reads, each block once', async (t) => {
  await using place = new Place()
  const { root, mounts, first, second, ready } = await twoPeers(place, true)
  t.is(ready.code, 0, ready.err)
  t.true(first.line.includes(`mounted data at ${mounts[0]}`))
  const expected = await sentencesOf(directoryTree(root))
  const found = await Promise.all(mounts.map((mount) => sentencesOf(directoryTree(mount))))
  for (const each of found) t.deepEqual(each, expected)
  t.is((await first.client.status()).sources['data']?.['reads'], BLOCKS)
  t.deepEqual((await second.client.status()).sources, {})
  t.is(await first.end('SIGTERM'), 0)
  t.is(await second.end('SIGTERM'), 0)
  t.deepEqual(mountsBelow(place.directory), [])
})

fuseTest('what is invalidated on one peer is seen through the mount of another', async (t) => {
  await using place = new Place()
  const { root, mounts, first } = await twoPeers(place, true)
  const [, mount = ''] = mounts
  const file = 'lib/deep/1.txt'
  t.is(await readFile(path.join(mount, file), 'utf8'), 'file 1')
  await t.throwsAsync(readFile(path.join(mount, 'lib/new')), { code: 'ENOENT' })
  t.false((await readdir(path.join(mount, 'lib'))).includes('new'))
  await writeFile(path.join(root, file), 'changed')
  await writeFile(path.join(root, 'lib/new'), 'new')
  const env = { POTLUCK_API: first.socket }
  for (const given of [`data:${file}`, path.join(mounts[0] ?? '', 'lib/new')]) {
    t.is((await runCli(['invalidate', given], place.directory, env)).code, 0)
  }
  await t.notThrowsAsync(async () => {
    while ((await readFile(path.join(mount, file), 'utf8')) !== 'changed') continue
    while (!existsSync(path.join(mount, 'lib/new'))) continue
    while (!(await readdir(path.join(mount, 'lib'))).includes('new')) continue
  })
  t.is(await readFile(path.join(mount, 'lib/new'), 'utf8'), 'new')
})

fuseTest(
  'a killed peer leaves an error and no hang, and its mount point is taken over',
  async (t) => {
    await using place = new Place()
    const { root, mounts, first, second } = await twoPeers(place, true)
    t.is(await first.end('SIGKILL'), 'SIGKILL')
    await t.throwsAsync(readFile(path.join(mounts[0] ?? '', 'empty')), { code: 'ENOTCONN' })
    const again = [
      '--source',
      `data=${root}`,
      '--mount',
      `data=${mounts[0]}`,
      '--join',
      second.address,
    ]
    await place.startPeer('a', again)
    t.is(await readFile(path.join(mounts[0] ?? '', 'lib/deep/7.txt'), 'utf8'), 'file 7')
  },
)

test('a peer with another mesh key is not let in', async (t) => {
  await using place = new Place()
  const { first } = await twoPeers(place, false)
  const given = ['--source', `data=${place.at('source')}`, '--key', place.at('other-key')]
  const stranger = await place.startPeer('c', [...given, '--join', first.address])
  const env = { POTLUCK_API: stranger.socket }
  const ready = await runCli(['ready', '--peers', '2', '--timeout', '2'], place.directory, env)
  t.is(ready.code, 4)
  t.is((await first.client.status()).node.peers, 1)
})

test('a source that is not there is named, and nothing is left of the peer', async (t) => {
  await using place = new Place()
  const given = ['peer', '--source', 'data=/not/there', '--listen', '/ip4/127.0.0.1/tcp/0']
  const ran = await runCli(given, place.directory)
  t.is(ran.code, 1)
  t.regex(ran.err, /\/not\/there/)
  t.false(existsSync(place.at('potluck/default.sock')))
})
