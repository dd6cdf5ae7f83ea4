import { cannotMount } from '../../fuse/real-mount.ts'
import { testUnless } from '../../skip.ts'
import { Place } from './peer-process.ts'
import { closeAll, differences, kill, startWriters, writeOn } from './written-back.ts'

const KEPT = ['--flush-on-close', 'no', '--dirty-age', '10m']

testUnless(cannotMount)(
  'what two nodes have written is on the source after kill -9 of one and kill -TERM of the other',
  async (t) => {
    t.timeout(180_000)
    await using place = new Place()
    const written = await startWriters(place, KEPT)
    const [first, second] = written.peers
    await writeOn(written, [0, 1], 20)
    const dirty = await Promise.all([first, second].map(async (peer) => peer?.client.status()))
    for (const status of dirty) t.true((status?.node.dirty.bytes ?? 0) > 0)
    t.not((await differences(written, written.source)).length, 0)
    await kill(written, 0)
    t.deepEqual(await differences(written, written.writers[1]?.mount ?? ''), [])
    await writeOn(written, [1], 10)
    await closeAll(written)
    t.is(await second?.end('SIGTERM'), 0)
    t.deepEqual(await differences(written, written.source), [])
  },
)
