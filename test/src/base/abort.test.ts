import test from 'ava'
import { Stopper, waitUnlessAborted } from '../../../src/base/abort.ts'
import { codeOf } from '../../../src/base/errors.ts'

const never = () => new Promise<never>(() => {})

test('the result of the work comes through, and nobody leaves', async (t) => {
  let left = 0
  const { signal } = new AbortController()
  t.is(await waitUnlessAborted(Promise.resolve(7), signal, () => left++), 7)
  t.is(await waitUnlessAborted(Promise.resolve(8), undefined, () => left++), 8)
  t.is(left, 0)
})

test('an abort ends the wait at once, and leaves once', async (t) => {
  let left = 0
  const controller = new AbortController()
  const wait = waitUnlessAborted(never(), controller.signal, () => left++)
  controller.abort()
  controller.abort()
  t.is(codeOf(await wait.catch((error: unknown) => error)), 'ABORTED')
  t.is(left, 1)
})

test('a signal that has aborted already does not wait', async (t) => {
  let left = 0
  const wait = waitUnlessAborted(never(), AbortSignal.abort(), () => left++)
  t.is(codeOf(await wait.catch((error: unknown) => error)), 'ABORTED')
  t.is(left, 1)
})

test('work that nobody waits for any more may fail unseen', async (t) => {
  const failing = new Promise<never>((_, reject) => setImmediate(() => reject(new Error('no'))))
  const wait = waitUnlessAborted(failing, AbortSignal.abort(), () => {})
  t.is(codeOf(await wait.catch((error: unknown) => error)), 'ABORTED')
  await new Promise((resolve) => setTimeout(resolve, 5))
})

test('an abort after the end changes nothing', async (t) => {
  let left = 0
  const controller = new AbortController()
  await t.throwsAsync(
    waitUnlessAborted(Promise.reject(new Error('no')), controller.signal, () => left++),
    { message: 'no' },
  )
  controller.abort()
  t.is(left, 0)
})

test('a stopper tells everybody who listens once, and nobody who has left or comes later', (t) => {
  const stopper = new Stopper()
  const heard: string[] = []
  const leaver = () => heard.push('left')
  for (const name of ['a', 'b', 'c']) stopper.addEventListener('abort', () => heard.push(name))
  stopper.addEventListener('abort', leaver)
  stopper.removeEventListener('abort', leaver)
  t.false(stopper.aborted)
  stopper.abort('enough')
  stopper.abort('more')
  stopper.addEventListener('abort', () => heard.push('late'))
  t.true(stopper.aborted)
  t.is(stopper.reason, 'enough')
  t.deepEqual(heard.toSorted(), ['a', 'b', 'c'])
})

test('the first who listens to a stopper may leave, and come again', (t) => {
  const stopper = new Stopper()
  let heard = 0
  const listener = () => void (heard += 1)
  stopper.addEventListener('abort', listener)
  stopper.removeEventListener('abort', listener)
  stopper.addEventListener('abort', listener)
  stopper.abort()
  t.is(heard, 1)
})
