import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const TELLER = fileURLToPath(new URL('./teller.ts', import.meta.url))

test('a result that is larger than a pipe is heard, though whoever said it is gone at once', async (t) => {
  const teller = fork(TELLER)
  let heard = 0
  teller.on('message', ({ finishes }: { finishes: number[] }) => (heard = finishes.length))
  const gone = once(teller, 'disconnect')
  teller.send('speak')
  await gone
  t.is(heard, 200_000)
})
