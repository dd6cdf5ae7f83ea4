import test from 'ava'
import { Denials } from '../../../src/authority/denials.ts'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'
import type { Want } from '../../../src/ports/messages.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'
import { wantOf } from '../fetch/fetch-bench.ts'

function bench() {
  const clock = new VirtualClock()
  const denials = new Denials(clock)
  const asked: string[] = []
  let code: 'ESTALE' | 'EIO' | undefined = 'ESTALE'
  const ask = (want: Partial<Want>) =>
    denials
      .unlessDenied(wantOf(want), async () => {
        asked.push(want.path ?? 'f')
        if (code !== undefined) throw new PotluckError(code, 'another file')
        return 'there'
      })
      .catch(codeOf)
  return { clock, denials, asked, ask, says: (now: typeof code) => void (code = now) }
}

test('what is not there is asked for once a second, and then anew', async (t) => {
  const { clock, asked, ask, says } = bench()
  t.deepEqual([await ask({}), await ask({}), await ask({})], ['ESTALE', 'ESTALE', 'ESTALE'])
  t.is(asked.length, 1)
  says(undefined)
  await clock.run(1_000)
  t.is(await ask({}), 'there')
})

test('who has news asks anew, and so does who looks elsewhere or for another block', async (t) => {
  const { asked, ask } = bench()
  await ask({ floor: 5 })
  await ask({ floor: 4 })
  t.is(asked.length, 1)
  await ask({ floor: 6 })
  await ask({ path: 'g', floor: 5 })
  await ask({ index: 1 })
  await ask({ version: 2 })
  t.is(asked.length, 5)
})

test('trouble with the source is not remembered', async (t) => {
  const { asked, ask, says } = bench()
  says('EIO')
  t.deepEqual([await ask({}), await ask({})], ['EIO', 'EIO'])
  t.is(asked.length, 2)
})

test('so many are remembered, and the oldest goes', async (t) => {
  const { denials, asked, ask } = bench()
  for (let index = 0; index < 1_025; index++) await ask({ index })
  t.is(denials.size, 1_024)
  await ask({ index: 1 })
  t.is(asked.length, 1_025)
  await ask({ index: 0 })
  t.is(asked.length, 1_026)
})
