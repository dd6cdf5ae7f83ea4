import test from 'ava'
import { ERRNO } from '../../../fuse/protocol/errno.ts'
import { isStopping } from '../../../fuse/session/given-up.ts'
import type { Options } from '../../../src/volume/volume.ts'
import { harness, settled } from '../fake-device.ts'
import { make } from '../requests.ts'

const tree = { file: { file: 'content' } }

function held() {
  const gate = Promise.withResolvers<void>()
  const signals: (AbortSignal | undefined)[] = []
  const before = (_operation: string, { signal }: Options) => {
    signals.push(signal)
    return gate.promise
  }
  return { gate, signals, before }
}

test('INTERRUPT ends the request it names, at once, and tells the volume', async (t) => {
  const { send, volume, device, session } = harness(tree, { hasGivenUp: () => true })
  const { gate, signals, before } = held()
  volume.before = before
  t.is(await send(make.lookup('file', { unique: 10 })), undefined)
  t.is(session.counters()['fuse_waiting'], 1)
  t.like(await send(make.interrupt(10)), { unique: 10, errno: ERRNO.EINTR })
  t.true(signals[0]?.aborted)
  gate.resolve()
  await settled()
  t.is(device.received.length, 1, 'answered once')
  t.is(volume.references.get(volume.find('file').number), 0, 'the late entry was taken back')
})

test('An interrupt of what was answered, or never asked, is nothing', async (t) => {
  const { send } = harness(tree, { hasGivenUp: () => true })
  await send(make.lookup('file', { unique: 10 }))
  t.is(await send(make.interrupt(10)), undefined)
  t.is(await send(make.interrupt(4711)), undefined)
})

test('A signal that does not mean "stop" lets the request go on', async (t) => {
  const asked: number[] = []
  const hasGivenUp = (pid: number) => asked.push(pid) > 1
  const { send, volume, device } = harness(tree, { hasGivenUp })
  const { gate, before } = held()
  volume.before = before
  await send(make.getattr({ unique: 10, pid: 4242 }))
  t.is(await send(make.interrupt(10)), undefined)
  gate.resolve()
  await settled()
  t.like(device.received[0], { unique: 10, errno: 0 })
  t.deepEqual(asked, [4242])
})

test('A program that is killed later is let go, too', async (t) => {
  let isKilled = false
  const { send, volume, device } = harness(tree, { hasGivenUp: () => isKilled })
  const { before } = held()
  volume.before = before
  await send(make.getattr({ unique: 10 }))
  await send(make.interrupt(10))
  isKilled = true
  while (device.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  t.like(device.received[0], { unique: 10, errno: ERRNO.EINTR })
})

test('All that waits is answered when the mount goes', async (t) => {
  const { send, volume, device, session } = harness(tree)
  const { gate, before } = held()
  volume.before = before
  await send(make.getattr({ unique: 10 }))
  await send(make.open(0, { unique: 12, nodeid: volume.find('file').number }))
  session.hangUp()
  t.deepEqual(
    device.received.map(({ unique, errno }) => [unique, errno]),
    [
      [10, ERRNO.EINTR],
      [12, ERRNO.EINTR],
    ],
  )
  gate.resolve()
  await settled()
  t.is(volume.openFiles.size, 0, 'the late handle was released')
})

test('Which pending signals mean "stop"', (t) => {
  const status = (mask: string) => `Name:\tx\nSigPnd:\t${mask}\nShdPnd:\t0000000000000000\n`
  t.true(isStopping(status('0000000000000100')), 'SIGKILL')
  t.true(isStopping(status('0000000000000002')), 'SIGINT')
  t.true(isStopping(`SigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\n`), 'SIGTERM')
  t.false(isStopping(status('0000000000002000')), 'SIGALRM')
  t.false(isStopping(status('0000000000400000')), 'SIGURG')
  t.false(isStopping(status('0000000000010000')), 'SIGCHLD')
  t.false(isStopping('nothing of the kind'))
})
