import { open, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'ava'
import { apiTree, directoryTree } from '../../../peers/commands/demo/reading.ts'
import { Place } from './peer-process.ts'
import { sentencesOf } from '../commands/sentences.ts'

async function makeTree(place: Place): Promise<string> {
  const root = place.makeDirectory('source')
  await mkdir(path.join(root, 'lib'), { recursive: true })
  await writeFile(path.join(root, 'large'), Buffer.alloc(3_500_000, 'large file '))
  for (let i = 0; i < 20; i++) await writeFile(path.join(root, `lib/${i}`), `file ${i} `.repeat(i))
  return root
}

/** Reads the whole tree through a peer of one life, and ends it. @returns reads of file data */
async function readOnce(place: Place, root: string) {
  const spill = ['--spill', place.at('spill'), '--spill-size', '256MiB']
  const none = ['--mount', 'data=/nowhere', '--no-mount', '--source', `data=${root}`]
  const peer = await place.startPeer('a', [...none, ...spill])
  const found = await sentencesOf(apiTree(peer.client, 'data'))
  const status = await peer.client.status()
  peer.client.close()
  const code = await peer.end('SIGTERM')
  return { found, reads: status.sources['data']?.['reads'] ?? NaN, code }
}

async function flipBytes(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    // Zone 0 begins at 64 KiB: this is in the middle of what was kept.
    for (let at = 200_000; at < 2_000_000; at += 50_000)
      await handle.write(Buffer.from([7]), 0, 1, at)
  } finally {
    await handle.close()
  }
}

test('a peer that starts again reads no data off the source, unless it changed or is damaged', async (t) => {
  await using place = new Place()
  const root = await makeTree(place)
  const expected = await sentencesOf(directoryTree(root))
  const first = await readOnce(place, root)
  t.deepEqual(first.found, expected)
  t.true(first.reads > 20)
  t.is(first.code, 0)
  const second = await readOnce(place, root)
  t.deepEqual(second.found, expected)
  t.is(second.reads, 0)
  await writeFile(path.join(root, 'lib/7'), 'another text')
  const third = await readOnce(place, root)
  t.deepEqual(third.found, await sentencesOf(directoryTree(root)))
  t.is(third.reads, 1, 'what has changed')
  await flipBytes(place.at('spill/spill.log'))
  const fourth = await readOnce(place, root)
  t.deepEqual(fourth.found, await sentencesOf(directoryTree(root)))
  t.true(fourth.reads > 0, 'what is damaged is fetched again')
  t.is((await readOnce(place, root)).reads, 0)
})
