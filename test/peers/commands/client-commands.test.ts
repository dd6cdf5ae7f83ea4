import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { serveFakeNode } from '../api/fake-node.ts'
import { runCli, temporaryHome } from './cli.ts'

const home = temporaryHome()

test('status is a table for people and JSON for programs', async (t) => {
  await using served = await serveFakeNode()
  const table = await runCli(['status', '--api', served.socket], home)
  t.regex(table.out, /peer-a {2}\(mesh default, pid 42, up 1 min 5 s\)/)
  t.regex(table.out, /data +gossip +4\.0 KiB +\/mnt\/data +2 +8\.0 KiB/)
  t.regex(table.out, /data +peer +3 +30\.0%/)
  const json = await runCli(['status', '--json', '--api', served.socket], home)
  t.is((JSON.parse(json.out) as { pid: number }).pid, 42)
})

test('a page with pictures of a peer loads nothing, and shows what is hot', async (t) => {
  await using served = await serveFakeNode()
  const page = path.join(home, 'status.html')
  const report = (to: string) => runCli(['status', '--report', to, '--api', served.socket], home)
  const { code, err } = await report(page)
  t.is(code, 0, err)
  t.regex((await report('none/x.html')).err, /--report: "\S+\/none" can't be written to \(ENOENT\)/)
  const text = readFileSync(page, 'utf8')
  t.is(text.match(/<svg /g)?.length, 4)
  t.deepEqual(text.match(/<script|src=|href=|url\([^#]|@import/g), null)
  t.true(text.includes('Uses a second in the mesh') && text.includes('lib/hot&lt;1&gt;.py'))
  t.true(text.includes('pinned   3 files in the mesh; 4.0 KiB of 8.0 KiB here'))
})

test('warm, invalidate and holders take a volume and path, or a path in a mount', async (t) => {
  await using served = await serveFakeNode()
  const env = { POTLUCK_API: served.socket }
  const warm = await runCli(['warm', 'data:lib', '/mnt/data/large', '--every-node'], home, env)
  t.is(warm.out, 'data: 2 files, 20 B warm here; every other node has begun\n')
  const one = await runCli(['invalidate', '/mnt/data/é'], home, env)
  t.is(one.out, 'invalidated /mnt/data/é on every node\n')
  const holders = await runCli(['holders', 'data:large'], home, env)
  t.regex(holders.out, /peer-b +2 of 3 +yes/)
  t.deepEqual(served.node.calls, [
    ['warm', ['lib', 'large'], true],
    ['invalidate', '\u00c3\u00a9', { recursive: false }],
    ['holders', 'large'],
  ])
  const outside = await runCli(['holders', '/etc/passwd'], home, env)
  t.is(outside.code, 2)
  t.regex(
    outside.err,
    /"\/etc\/passwd" is not inside a mount of this peer; give VOLUME:PATH \(data:\)/,
  )
})

test('ready says how long it took', async (t) => {
  await using served = await serveFakeNode()
  const ran = await runCli(['ready', '--peers', '3', '--api', served.socket], home)
  t.regex(ran.out, /^ready: 3 peers, after \d+\.\d\d s\n$/)
  const late = await runCli(
    ['ready', '--peers', '9', '--timeout', '1', '--api', served.socket],
    home,
  )
  t.is(late.code, 4)
  t.regex(late.err, /3 of 9 peers are in sight; check --join/)
})
