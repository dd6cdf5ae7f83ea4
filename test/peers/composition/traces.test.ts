import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { decodeTrace } from '../../../src/heat/trace-format.ts'
import { testUnless } from '../../skip.ts'
import { until } from '../../until.ts'
import { runCli } from '../commands/cli.ts'
import { Place } from './peer-process.ts'

const run = promisify(execFile)
const fuseTest = testUnless(whyNoMount(process.env))

fuseTest(
  'a command is recorded with its children, whatever the kernel has cached, for every peer and the next life',
  async (t) => {
    await using place = new Place()
    const source = place.makeDirectory('source')
    await mkdir(path.join(source, 'lib'), { recursive: true })
    for (let i = 0; i < 10; i++) await writeFile(path.join(source, `lib/${i}`), `file ${i}`)
    const mount = place.makeDirectory('mount')
    const given = ['--source', `data=${source}`, '--state', place.at('state')]
    const first = await place.startPeer('a', [...given, '--mount', `data=${mount}`])
    const other = ['--join', first.address, '--no-mount', '--source', `data=${source}`]
    const second = await place.startPeer('b', other)
    await run('sh', ['-c', `cat ${mount}/lib/*`])
    const command = `cat ${mount}/lib/3; sh -c "cat ${mount}/lib/7; test -e ${mount}/absent || true"`
    const env = { POTLUCK_API: first.socket }
    const recorded = await runCli(
      ['trace', 'record', 'mine', '--', 'sh', '-c', command],
      place.directory,
      env,
    )
    t.is(recorded.out, 'file 3file 7')
    t.regex(recorded.err, /trace 'mine': 2 files/)
    const trace = decodeTrace(await first.client.trace('data', 'mine'))
    const read = trace.entries.filter(({ ranges }) => ranges.length > 0)
    t.deepEqual(
      read.map((entry) => entry.path),
      ['lib/3', 'lib/7'],
    )
    await until(async () => (await second.client.traces()).length > 0)
    t.deepEqual(
      (await second.client.traces()).map(({ name }) => name),
      ['mine'],
    )
    t.is((await second.client.warm('data', [], { trace: 'mine' })).bytesDone, 12)
    await first.end('SIGTERM')
    t.true(existsSync(place.at('state/traces/data/mine.trace')))
    const again = await place.startPeer('c', [...given, '--no-mount'])
    t.deepEqual(
      (await again.client.traces()).map(({ name }) => name),
      ['mine'],
    )
  },
)
