import test from 'ava'
import { PotluckError } from '../../../src/base/errors.ts'
import { corrupt, DROP, PASS, REFUSE } from '../../../sim/network/rules.ts'
import { blockReply, DONE, Net } from './net.ts'

const never = () => new Promise<never>(() => {})

test('a request costs one way, its reply another', async (t) => {
  const net = new Net(2)
  net.port(1).handle(async () => DONE)
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 2, outcome: 'done' })
})

test('racks and zones lie farther apart', async (t) => {
  const net = new Net(4096, { zoneLatencyMs: 3, farLatencyMs: 10 })
  for (const port of net.ports) port.handle(async () => DONE)
  t.is((await net.settle(net.ask(0, 31))).atMs, 2)
  t.is((await net.settle(net.ask(0, 32))).atMs, 2 + 6)
  t.is((await net.settle(net.ask(0, 4095))).atMs, 2 + 6 + 20)
})

test('requests that come before the handler wait for it', async (t) => {
  const net = new Net(2)
  net.clock.after(50, () => net.port(1).handle(async () => DONE))
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 51, outcome: 'done' })
})

test('blocks pass by reference', async (t) => {
  const net = new Net(2)
  const reply = blockReply(1000)
  net.port(1).handle(async () => reply)
  t.is(await net.clock.runUntil(net.ask(0, 1)), reply)
})

test('replies of one node queue on its line, and a block is not paid for twice', async (t) => {
  const net = new Net(3, { upBytesPerMs: 1000, downBytesPerMs: 1000, socketBytes: 0 })
  net.port(0).handle(async () => blockReply(1_000_000))
  const ends = net.clock.runUntil(Promise.all([net.timed(net.ask(1, 0)), net.timed(net.ask(2, 0))]))
  const [first, second] = await ends
  t.true(first!.atMs > 1_000 && first!.atMs < 1_005, String(first!.atMs))
  t.true(second!.atMs > 2_000 && second!.atMs < 2_005, String(second!.atMs))
})

test('what waits to be sent shows in queuedBytes', async (t) => {
  const net = new Net(2, { upBytesPerMs: 1000, socketBytes: 0 })
  net.port(0).handle(async () => blockReply(100_000))
  const asked = net.ask(1, 0)
  await net.clock.run(50)
  const queued = net.port(0).queuedBytes()
  t.true(queued > 40_000 && queued < 60_000, String(queued))
  await net.clock.runUntil(asked)
  t.is(net.port(0).queuedBytes(), 0)
})

test('what waits for the thread, and not for the line, is not queued', async (t) => {
  const net = new Net(2, { cpuMessageMs: 100, upBytesPerMs: 1_000, socketBytes: 0 })
  net.port(0).handle(() => Promise.resolve(DONE))
  const asked = Promise.all([1, 2, 3].map(() => net.ask(1, 0)))
  await net.clock.run(450)
  const queued = net.port(0).queuedBytes()
  t.true(queued > 0 && queued < 1_000, String(queued))
  await net.clock.runUntil(asked)
})

test('messages queue for a node’s one thread', async (t) => {
  const net = new Net(11, { cpuMessageMs: 1, rackLatencyMs: 0 })
  net.port(0).handle(async () => DONE)
  const asked = Array.from({ length: 10 }, (_, i) => net.timed(net.ask(i + 1, 0)))
  const ends = await net.clock.runUntil(Promise.all(asked))
  // Ten requests in and ten replies out are twenty milliseconds of one thread.
  t.is(Math.max(...ends.map((end) => end.atMs)), 21)
})

test('a crash closes connections: whoever waits knows at once', async (t) => {
  const net = new Net(2)
  net.port(1).handle(never)
  const asked = net.timed(net.ask(0, 1))
  await net.clock.run(500)
  net.life(1).end()
  net.network.closed('n1')
  t.deepEqual(await net.clock.runUntil(asked), { atMs: 501, outcome: 'UNREACHABLE' })
  t.deepEqual(net.unreachable, ['n0 misses n1'])
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 503, outcome: 'UNREACHABLE' })
})

test('a power cut is noticed only by the silence', async (t) => {
  const net = new Net(2)
  net.port(1).handle(never)
  const asked = net.timed(net.ask(0, 1))
  await net.clock.run(500)
  net.life(1).end()
  net.network.closed('n1', { isSilent: true })
  t.deepEqual(await net.clock.runUntil(asked), { atMs: 2_500, outcome: 'UNREACHABLE' })
})

test('a dead node says nothing more', async (t) => {
  const net = new Net(2)
  let finish = () => {}
  net.port(1).handle(() => new Promise((resolve) => (finish = () => resolve(DONE))))
  const asked = net.timed(net.ask(0, 1))
  await net.clock.run(10)
  net.life(1).end()
  net.network.closed('n1')
  finish()
  t.is((await net.clock.runUntil(asked)).outcome, 'UNREACHABLE')
})

test('a bounced node answers again, under the same name', async (t) => {
  const net = new Net(2)
  net.life(1).end()
  net.network.closed('n1')
  net.attach(1).handle(async () => DONE)
  t.is((await net.settle(net.ask(0, 1))).outcome, 'done')
})

test('a hung node is given up after two seconds of silence', async (t) => {
  const net = new Net(2)
  net.port(1).handle(never)
  const asked = net.timed(net.ask(0, 1))
  await net.clock.run(100)
  net.life(1).hang()
  net.network.hung('n1')
  t.deepEqual(await net.clock.runUntil(asked), { atMs: 2_100, outcome: 'UNREACHABLE' })
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 4_101, outcome: 'UNREACHABLE' })
})

test('a short hang costs its time and nothing else', async (t) => {
  const net = new Net(2)
  net.port(1).handle(async () => DONE)
  net.life(1).hang()
  net.network.hung('n1')
  net.clock.after(1_500, () => {
    net.life(1).resume()
    net.network.resumed('n1')
  })
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 1_501, outcome: 'done' })
})

test('a slow answer from a living peer is waited for', async (t) => {
  const net = new Net(2)
  net.port(1).handle(() => new Promise((resolve) => net.clock.after(60_000, () => resolve(DONE))))
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 60_002, outcome: 'done' })
})

test('nothing passes a partition; what was under way arrives if it is repaired in time', async (t) => {
  const net = new Net(3)
  for (const port of net.ports) port.handle(async () => DONE)
  net.network.partition((index) => (index === 0 ? 1 : 0))
  t.is((await net.settle(net.ask(1, 2))).outcome, 'done')
  t.is((await net.settle(net.ask(1, 0))).outcome, 'UNREACHABLE')
  const startMs = net.clock.elapsedMs
  net.clock.after(1_000, () => net.network.repair())
  t.deepEqual(await net.settle(net.ask(2, 0)), { atMs: startMs + 1_001, outcome: 'done' })
})

test('an abort stops the wait at once, and the work one way later', async (t) => {
  const net = new Net(2)
  let abortedAtMs = 0
  net.port(1).handle((_from, _request, { signal }) => {
    signal.addEventListener('abort', () => (abortedAtMs = net.clock.elapsedMs))
    return never()
  })
  const controller = new AbortController()
  net.clock.after(10, () => controller.abort())
  t.deepEqual(await net.settle(net.ask(0, 1, controller.signal)), { atMs: 10, outcome: 'ABORTED' })
  await net.clock.run(5)
  t.is(abortedAtMs, 11)
})

test('a request that was given up on its way never reaches the handler', async (t) => {
  const net = new Net(2)
  let handled = 0
  net.port(1).handle(async () => {
    handled += 1
    return DONE
  })
  const controller = new AbortController()
  const asked = net.ask(0, 1, controller.signal)
  controller.abort()
  t.is((await net.settle(asked)).outcome, 'ABORTED')
  await net.clock.run(10)
  t.is(handled, 0)
})

test('work for a dead asker is told to stop', async (t) => {
  const net = new Net(2)
  const aborted = Promise.withResolvers<number>()
  net.port(1).handle((_from, _request, { signal }) => {
    signal.addEventListener('abort', () => aborted.resolve(net.clock.elapsedMs))
    return never()
  })
  void net.ask(0, 1)
  await net.clock.run(10)
  net.life(0).end()
  net.network.closed('n0')
  t.is(await net.clock.runUntil(aborted.promise), 11)
})

test('a handler’s error arrives with its code, and a stranger as EIO', async (t) => {
  const net = new Net(3)
  net.port(1).handle(() => Promise.reject(new PotluckError('ENOENT', 'no such file')))
  net.port(2).handle(() => Promise.reject(new RangeError('a slip')))
  t.is((await net.settle(net.ask(0, 1))).outcome, 'ENOENT')
  t.is((await net.settle(net.ask(0, 2))).outcome, 'EIO')
})

test('rules are asked in order, and the first verdict counts', async (t) => {
  const net = new Net(2)
  net.port(1).handle(async () => DONE)
  net.network.rules.push(
    () => PASS,
    ({ kind }) => (kind === 'request' ? { type: 'deliver', afterMs: 40 } : PASS),
    () => REFUSE,
  )
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 42, outcome: 'UNREACHABLE' })
  net.network.rules.splice(0, 3, () => DROP)
  t.deepEqual(await net.settle(net.ask(0, 1)), { atMs: 2_042, outcome: 'UNREACHABLE' })
})

test('a corrupt peer’s blocks carry a wrong checksum, and only its own', async (t) => {
  const net = new Net(3)
  for (const port of net.ports) port.handle(async () => blockReply(10))
  net.network.rules.push(corrupt((from) => from === 'n1'))
  const checksum = async (to: number) => {
    const reply = await net.clock.runUntil(net.ask(0, to))
    return reply.type === 'answer' && reply.answer.type === 'block' && reply.answer.block.checksum
  }
  t.not(await checksum(1), 0)
  t.is(await checksum(2), 0)
})

test('a slow node takes its factor longer', async (t) => {
  const net = new Net(2, { cpuMessageMs: 1 })
  net.port(1).handle(async () => DONE)
  const usual = (await net.settle(net.ask(0, 1))).atMs
  net.network.slow('n1', 10)
  await net.clock.run(100)
  const startMs = net.clock.elapsedMs
  t.true((await net.settle(net.ask(0, 1))).atMs - startMs > usual + 8)
})
