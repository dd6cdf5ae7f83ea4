// A mount over its own source: programs keep the path, and get all of it back when the peer ends,
// however it ends.
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { testUnless } from '../../skip.ts'
import { until } from '../../until.ts'
import { cannotMount } from '../real-mount.ts'
import { mountsBelow, Place, untilReady } from '../../peers/composition/peer-process.ts'

const MODES: [string, string[]][] = [
  ['through', []],
  ['back', ['--flush-on-close', 'no', '--dirty-age', '10m']],
]

for (const [mode, options] of MODES) {
  testUnless(cannotMount)(
    `a directory is written to through a mount over it, and is itself again afterwards: ${mode}`,
    async (t) => {
      await using place = new Place()
      const source = place.makeDirectory('source')
      const at = (...names: string[]) => path.join(source, ...names)
      mkdirSync(at('old'))
      for (const name of ['kept', 'moved', 'gone']) writeFileSync(at('old', name), name)
      const inPlace = ['--source', `data=${source}`, '--mount', `data=${source}`]
      const common = ['--write', mode, ...options]
      // A second one has the source, too, and in write-back mode the copies.
      const other = await place.startPeer('b', [...common, '--source', `data=${source}`])
      const startOver = () => place.startPeer('a', [...inPlace, ...common, '--join', other.address])
      const change = (round: number) => {
        writeFileSync(at('old', 'kept'), `kept ${round}`)
        writeFileSync(at(`new${round}`), 'new')
        renameSync(at('old', 'moved'), at('moved'))
        unlinkSync(at('old', 'gone'))
        t.is(readFileSync(at('old', 'kept'), 'utf8'), `kept ${round}`)
        renameSync(at('moved'), at('old', 'moved'))
        writeFileSync(at('old', 'gone'), 'gone')
      }
      const isAsWritten = (round: number) => {
        t.deepEqual(mountsBelow(source), [])
        t.is(readFileSync(at('old', 'kept'), 'utf8'), `kept ${round}`)
        t.is(readFileSync(at(`new${round}`), 'utf8'), 'new')
        t.deepEqual(readdirSync(at('old')).toSorted(), ['gone', 'kept', 'moved'])
      }

      const first = await startOver()
      await untilReady([first, other])
      t.deepEqual(mountsBelow(source), [source])
      t.is(await first.end('SIGTERM'), 0)

      const second = await startOver()
      await untilReady([second, other])
      change(2)
      await second.end('SIGKILL')
      // What it leaves is a mount that answers nothing, and that the next peer clears away.
      t.throws(() => readdirSync(source), { code: 'ENOTCONN' })

      const third = await startOver()
      await untilReady([third, other])
      t.is(readFileSync(at('old', 'kept'), 'utf8'), 'kept 2')
      change(3)
      await third.end('SIGKILL')
      execFileSync('umount', [source])
      if (mode === 'back') await until(() => readFileSync(at('new3'), 'utf8') === 'new')
      isAsWritten(3)
    },
  )
}
