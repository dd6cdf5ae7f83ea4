import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { testUnless } from '../../skip.ts'
import { Place, untilReady } from './peer-process.ts'

const fuseTest = testUnless(whyNoMount(process.env))

const ROUNDS = 12
/** The same each time: what is written within one tick of the source's clock shows no difference. */
const BYTES = 9_000

const textOf = (round: number): string => `${round} `.padEnd(BYTES, 'text ')

/** Three peers with a mount each, the last one without the source; by directory. */
async function threeMounts(place: Place): Promise<readonly string[]> {
  const source = place.makeDirectory('source')
  const mounts = ['a', 'b', 'c'].map((name) => place.makeDirectory(`mount-${name}`))
  const strict = ['--write', 'through', '--coherence', 'strict']
  const [a = '', b = '', c = ''] = mounts.map((mount) => `data=${mount}`)
  const withSource = ['--source', `data=${source}`, ...strict]
  const first = await place.startPeer('a', ['--mount', a, ...withSource])
  const join = ['--join', first.address]
  const others = await Promise.all([
    place.startPeer('b', ['--mount', b, ...withSource, ...join]),
    place.startPeer('c', ['--mount', c, ...strict, ...join]),
  ])
  await untilReady([first, ...others])
  return mounts
}

function readAt(handle: number): string {
  const bytes = Buffer.alloc(BYTES + 1)
  return bytes.toString('latin1', 0, readSync(handle, bytes, 0, bytes.length, 0))
}

fuseTest('what is written on one mount is there on the others at once, each time', async (t) => {
  await using place = new Place()
  const mounts = await threeMounts(place)
  const at = (mount: string, name: string): string => path.join(mount, name)
  writeFileSync(at(mounts[0] ?? '', 'file'), textOf(-1))
  const open = mounts.map((mount) => openSync(at(mount, 'file'), 'r+'))
  for (let round = 0; round < ROUNDS; round++) {
    const turn = round % mounts.length
    const writer = mounts[turn] ?? ''
    // Everybody has it all in the kernel.
    for (const handle of open) readAt(handle)
    writeSync(open[turn] ?? -1, textOf(round), 0)
    for (const [index, mount] of mounts.entries()) {
      t.is(readAt(open[index] ?? -1), textOf(round))
      t.is(readFileSync(at(mount, 'file'), 'latin1'), textOf(round))
      t.throws(() => statSync(at(mount, 'new')), { code: 'ENOENT' })
    }
    writeFileSync(at(writer, 'new'), 'x'.repeat(round))
    for (const mount of mounts) t.is(statSync(at(mount, 'new')).size, round)
    renameSync(at(writer, 'new'), at(writer, 'moved'))
    for (const mount of mounts) {
      t.deepEqual(readdirSync(mount), ['file', 'moved'])
      t.throws(() => statSync(at(mount, 'new')), { code: 'ENOENT' })
    }
    rmSync(at(writer, 'moved'))
    for (const mount of mounts) t.deepEqual(readdirSync(mount), ['file'])
  }
  for (const handle of open) closeSync(handle)
})
