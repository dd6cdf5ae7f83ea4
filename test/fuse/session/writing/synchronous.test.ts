import { constants, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { cannotMount } from '../../real-mount.ts'
import { testUnless } from '../../../skip.ts'
import { Place, untilReady } from '../../../peers/composition/peer-process.ts'

const { O_CREAT, O_RDWR, O_WRONLY, O_APPEND, O_SYNC, O_DSYNC, O_DIRECT } = constants
const LATER = ['--write', 'back', '--flush-on-close', 'no', '--dirty-age', '10m']

const WAYS: [string, number][] = [
  ['O_SYNC', O_RDWR | O_SYNC],
  ['O_DSYNC', O_RDWR | O_DSYNC],
  ['O_DIRECT and O_SYNC', O_RDWR | O_DIRECT | O_SYNC],
  ['O_DIRECT and O_DSYNC', O_RDWR | O_DIRECT | O_DSYNC],
  ['O_APPEND and O_SYNC', O_WRONLY | O_APPEND | O_SYNC],
]

testUnless(cannotMount)(
  'what is written with O_SYNC or O_DSYNC is on the source when write returns, written back or not',
  async (t) => {
    await using place = new Place()
    const [source, mount] = [place.makeDirectory('source'), place.makeDirectory('mount')]
    const common = ['--source', `data=${source}`, ...LATER]
    const first = await place.startPeer('a', [...common, '--mount', `data=${mount}`])
    const second = await place.startPeer('b', [...common, '--join', first.address])
    await untilReady([first, second])
    const onSource = (name: string): number => readFileSync(path.join(source, name)).length
    const write = async (name: string, flags: number) => {
      const file = await open(path.join(mount, name), flags | O_CREAT, 0o644)
      await file.write(Buffer.alloc(4_096, 'x'), 0, 4_096, 0)
      return file
    }
    const plain = await write('plain', O_RDWR)
    t.is(onSource('plain'), 0)
    for (const [name, flags] of WAYS) {
      const file = await write(name, flags)
      t.is(onSource(name), 4_096, name)
      await file.close()
    }
    await plain.sync()
    t.is(onSource('plain'), 4_096)
    await plain.close()
  },
)
