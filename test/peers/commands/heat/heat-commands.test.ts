import test from 'ava'
import { serveFakeNode } from '../../api/fake-node.ts'
import { runCli, temporaryHome } from '../cli.ts'

const home = temporaryHome()

test('in a pipe heat is one plain table', async (t) => {
  await using served = await serveFakeNode()
  const { out, code } = await runCli(['heat', '--api', served.socket], home)
  t.is(code, 0)
  t.true(
    out.startsWith('pinned above 1.00, let go below 0.25; half-life 1 min 0 s; RAM has room, '),
  )
  t.false(out.includes('\u001b'))
})

test('who pins is told how much that is, and that it is more than there is room for', async (t) => {
  await using served = await serveFakeNode()
  served.node.peers = 0
  const { out, err, code } = await runCli(['pin', 'data:', '--api', served.socket], home)
  t.is(code, 0, err)
  t.is(out, 'pinned data: on every node: 8 files, 9.8 KiB\n')
  t.regex(err, /^more than the 8\.0 KiB that 1 such peer has for pins \(--pin-ram\)/)
})

test('what can not be pinned is refused', async (t) => {
  await using served = await serveFakeNode()
  const fails = async (given: string, code: number, message: RegExp) => {
    const ran = await runCli(['pin', given, '--api', served.socket], home)
    t.is(ran.code, code)
    t.regex(ran.err, message)
    t.is(ran.out, '')
  }
  await fails('data:nothing', 1, /"nothing" is not in volume data/)
  await fails('data:link', 2, /"link" is a symbolic link; pin what it leads to, /)
})
