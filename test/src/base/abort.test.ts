import test from 'ava'
import { waitUnlessAborted } from '../../../src/base/abort.ts'
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
