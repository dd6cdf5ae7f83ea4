import { cannotMount } from '../fuse/real-mount.ts'
import { Place } from '../peers/composition/peer-process.ts'
import {
  closeAll,
  differences,
  kill,
  startWriters,
  writeOn,
} from '../peers/composition/written-back.ts'
import { testUnless } from '../skip.ts'

const ROUNDS = 10

testUnless(cannotMount)(
  'whatever is flushed when, a killed and an ended writer leave all that was acknowledged on the source',
  async (t) => {
    t.timeout(1_800_000)
    for (let round = 0; round < ROUNDS; round++) {
      await using place = new Place()
      // Old bytes are flushed between writes, or at the end alone.
      const age = round % 2 === 0 ? '200ms' : '10m'
      const written = await startWriters(place, ['--flush-on-close', 'no', '--dirty-age', age])
      await writeOn(written, [0, 1], 100 + round * 20)
      await kill(written, round % 4 < 2 ? 0 : 1)
      const left = round % 4 < 2 ? 1 : 0
      t.deepEqual(await differences(written, written.writers[left]?.mount ?? ''), [])
      await writeOn(written, [left], 50)
      await closeAll(written)
      t.is(await written.peers[left]?.end('SIGTERM'), 0)
      t.deepEqual(await differences(written, written.source), [], `round ${round}`)
    }
  },
)
