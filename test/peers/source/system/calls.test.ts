import test from 'ava'
import { Calls, type CallsInit, type Done } from '../../../../peers/source/system/calls.ts'
import { failsWith } from '../../../ports/source-contract.ts'

function makeCalls(init: Partial<CallsInit> = {}): Calls {
  return new Calls({ concurrency: 2, timeoutMs: 60_000, log: () => undefined, ...init })
}

/** A call that ends when the test says so. */
function openCall(calls: Calls, discard?: (value: string) => void) {
  let done: Done<string> | undefined
  const start = (it: Done<string>): void => void (done = it)
  const call = { operation: 'read', path: 'a', start }
  return {
    result: calls.run<string>(discard === undefined ? call : { ...call, discard }),
    hasBegun: () => done !== undefined,
    end: (value: string) => done?.(null, value),
    fail: (code: string) => done?.(Object.assign(new Error(code), { code }), ''),
  }
}

test('no more run at a time than allowed, the rest in the order they came', async (t) => {
  const calls = makeCalls()
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => openCall(calls))
  t.true(first?.hasBegun() && second?.hasBegun())
  t.false(third?.hasBegun() ?? true)
  t.is(calls.inFlight, 2)
  second?.end('b')
  t.is(await second?.result, 'b')
  t.true(third?.hasBegun())
  t.false(fourth?.hasBegun() ?? true)
  first?.fail('ENOENT')
  await failsWith(t, 'ENOENT', first?.result ?? Promise.resolve())
  third?.end('c')
  fourth?.end('d')
  t.deepEqual(await Promise.all([third?.result, fourth?.result]), ['c', 'd'])
  t.is(calls.inFlight, 0)
  t.is(calls.counts.get('read'), 4)
})

test('a code that is none of ours is EIO, with what was said as its cause', async (t) => {
  const call = openCall(makeCalls())
  call.fail('EREMOTEIO')
  const error = await t.throwsAsync(call.result, { code: 'EIO', message: /^read a: EREMOTEIO/ })
  t.is((error?.cause as NodeJS.ErrnoException | undefined)?.code, 'EREMOTEIO')
})

test('a call that hangs is given up, keeps its place, and gives back what it brings late', async (t) => {
  const calls = makeCalls({ timeoutMs: 5 })
  const discarded: string[] = []
  const hanging = openCall(calls, (value) => discarded.push(value))
  await failsWith(t, 'ETIMEDOUT', hanging.result)
  t.is(calls.hanging, 1)
  t.is(calls.inFlight, 1)
  const other = openCall(calls)
  other.end('b')
  t.is(await other.result, 'b')
  hanging.end('late')
  t.deepEqual(discarded, ['late'])
  t.is(calls.inFlight, 0)
})

test('when all places hang, those who wait and those who come are told', async (t) => {
  const calls = makeCalls({ timeoutMs: 5 })
  const hanging = [openCall(calls), openCall(calls)]
  const waiting = openCall(calls)
  await failsWith(t, 'ETIMEDOUT', waiting.result)
  t.false(waiting.hasBegun())
  await failsWith(t, 'ETIMEDOUT', openCall(calls).result)
  for (const { result } of hanging) await failsWith(t, 'ETIMEDOUT', result)
  hanging[0]?.end('late')
  const next = openCall(calls)
  next.end('back')
  t.is(await next.result, 'back')
})
