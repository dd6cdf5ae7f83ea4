import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { keepJoining, type Joiner } from '../../../peers/join/keep-joining.ts'
import type { JoinTarget } from '../../../peers/join/parse-join.ts'
import { until } from '../../until.ts'
import { aPeer } from '../net/mesh.ts'

async function aDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'potluck-join-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function joins(
  t: ExecutionContext,
  peer: Joiner,
  targets: JoinTarget[],
): Promise<{ settled: Promise<void>; stop(): Promise<void> }> {
  const joining = await keepJoining({ peer, targets, log: () => undefined, firstDelayMs: 20 })
  t.teardown(() => joining.stop())
  return joining
}

function aJoiner(peerId: string, dial: (addresses: readonly string[]) => string): Joiner {
  const connected: string[] = []
  return {
    peerId,
    addresses: () => [`/ip4/10.0.0.1/tcp/1/p2p/${peerId}`],
    dial: async (addresses) => {
      const peer = dial(addresses)
      connected.push(peer)
      return peer
    },
    connectedPeers: () => connected,
  }
}

function nobody(): never {
  throw new Error('nobody is there')
}

test('peers that start at once find each other by a shared directory', async (t) => {
  const path = join(await aDirectory(t), 'made', 'when needed')
  const peers = await Promise.all([aPeer(t), aPeer(t), aPeer(t), aPeer(t)])
  const targets: JoinTarget[] = [{ type: 'directory', directory: path }]
  const joinings = await Promise.all(peers.map((peer) => joins(t, peer, targets)))
  await until(() => peers.every((peer) => peer.routing.contacts().length === 3))
  t.is((await readdir(path)).filter((name) => name.endsWith('.peer')).length, 4)
  await Promise.all(joinings.map((joining) => joining.stop()))
  t.deepEqual(await readdir(path), [])
})

test('the first peer of a mesh is settled alone, and joins whoever comes later', async (t) => {
  const [first, second] = [await aPeer(t), await aPeer(t)]
  const addresses = second.addresses()
  await second.stop()
  const joining = await joins(t, first, [{ type: 'addresses', addresses }])
  await joining.settled
  t.deepEqual(first.connectedPeers(), [])
  const port = /tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1]
  const later = await aPeer(t, { listen: [`/ip4/127.0.0.1/tcp/${port}`] })
  const dials = await joins(t, first, [{ type: 'addresses', addresses: later.addresses() }])
  await dials.settled
  t.deepEqual(first.connectedPeers(), [later.peerId])
})

test('files of dead peers are tolerated, and removed when they are old', async (t) => {
  const directory = await aDirectory(t)
  await mkdir(directory, { recursive: true })
  for (const name of ['dead', 'old']) {
    await writeFile(join(directory, `${name}.peer`), `/ip4/10.0.0.2/tcp/1/p2p/${name}\n`)
  }
  await writeFile(join(directory, 'broken.peer'), 'nonsense')
  await writeFile(join(directory, 'other'), 'left alone')
  await utimes(join(directory, 'old.peer'), 1_000, 1_000)
  const dialled: string[] = []
  const joiner = aJoiner('me', (addresses) => {
    dialled.push(...addresses)
    return nobody()
  })
  const joining = await joins(t, joiner, [{ type: 'directory', directory }])
  await joining.settled
  await joining.stop()
  t.deepEqual(dialled.sort(), ['/ip4/10.0.0.2/tcp/1/p2p/dead', '/ip4/10.0.0.2/tcp/1/p2p/old'])
  t.deepEqual((await readdir(directory)).sort(), ['broken.peer', 'dead.peer', 'other'])
})

test('of many candidates a few are tried, the first ones by everyone', async (t) => {
  const addresses = Array.from({ length: 1_000 }, (_, i) => `/ip4/10.0.0.1/tcp/${i + 1}`)
  const dialled: string[] = []
  const joiner = aJoiner('me', (some) => {
    dialled.push(...some)
    return 'someone'
  })
  const joining = await joins(t, joiner, [{ type: 'addresses', addresses }])
  await joining.settled
  t.is(dialled.length, 8)
  t.deepEqual(dialled.slice(0, 2), addresses.slice(0, 2))
})

test('a peer goes on looking while it is alone', async (t) => {
  let dials = 0
  const joiner = aJoiner('me', () => {
    dials++
    return dials < 4 ? nobody() : 'someone'
  })
  await joins(t, joiner, [{ type: 'addresses', addresses: ['/ip4/10.0.0.1/tcp/1'] }])
  await until(() => joiner.connectedPeers().length === 1)
  t.is(dials, 4)
})

test('a host file that is not there, or makes no sense, is refused at once', async (t) => {
  const directory = await aDirectory(t)
  const joiner = aJoiner('me', nobody)
  const file = join(directory, 'hosts')
  const targets: JoinTarget[] = [{ type: 'host-file', file, port: 1 }]
  await t.throwsAsync(joins(t, joiner, targets), { code: 'EINVAL', message: /is not there/ })
  const asPath: JoinTarget[] = [{ type: 'path', path: file, port: 1 }]
  await t.throwsAsync(joins(t, joiner, asPath), { code: 'EINVAL', message: /write dir:/ })
  await writeFile(file, 'a/b\n')
  await t.throwsAsync(joins(t, joiner, targets), { code: 'EINVAL', message: /line 1/ })
  const asDirectory: JoinTarget[] = [{ type: 'directory', directory: file }]
  await t.throwsAsync(joins(t, joiner, asDirectory), { code: 'EINVAL', message: /no directory/ })
})
