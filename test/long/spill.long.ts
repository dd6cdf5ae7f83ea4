// A tree four times larger than the RAM of all peers together stays off slow storage where peers spill.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'ava'
import { apiTree, directoryTree } from '../../peers/commands/demo/reading.ts'
import { Place, type PeerProcess, untilReady } from '../peers/composition/peer-process.ts'
import { sentencesOf } from '../peers/commands/sentences.ts'

const PEERS = 4
const RAM_MIB = 16
const FILE_BYTES = 4 << 20

/** Four times what the RAM of all peers holds. */
async function makeTree(place: Place): Promise<string> {
  const root = place.makeDirectory('source')
  const files = (4 * PEERS * RAM_MIB * 2 ** 20) / FILE_BYTES
  for (let i = 0; i < files; i++) {
    const directory = path.join(root, `${i % 4}`)
    await mkdir(directory, { recursive: true })
    await writeFile(path.join(directory, `${i}`), Buffer.alloc(FILE_BYTES, `file ${i} `))
  }
  return root
}

async function readsOf(peers: readonly PeerProcess[]): Promise<number> {
  let reads = 0
  for (const { client } of peers) reads += (await client.status()).sources['data']?.['reads'] ?? NaN
  return reads
}

test('a tree four times the RAM of the mesh is read once off the source, where peers spill', async (t) => {
  t.timeout(900_000)
  await using place = new Place()
  const root = await makeTree(place)
  const expected = await sentencesOf(directoryTree(root))
  const join = ['--join', `dir:${place.makeDirectory('join')}`]
  const volume = ['--mount', 'data=/nowhere', '--no-mount', '--source', `data=${root}`]
  const peers: PeerProcess[] = []
  for (let i = 0; i < PEERS; i++) {
    const spill = ['--spill', place.at(`spill-${i}`), '--spill-size', '512MiB']
    const ram = ['--ram', `${RAM_MIB}MiB`]
    peers.push(await place.startPeer(`peer-${i}`, [...join, ...volume, ...ram, ...spill]))
  }
  await untilReady(peers)
  for (const { client } of peers) t.deepEqual(await sentencesOf(apiTree(client, 'data')), expected)
  const first = await readsOf(peers)
  for (const { client } of peers) t.deepEqual(await sentencesOf(apiTree(client, 'data')), expected)
  const second = await readsOf(peers)
  t.log(`${first} reads of the source in the first pass, ${second - first} in the second`)
  t.true(first >= 256)
  t.is(second - first, 0)
})
