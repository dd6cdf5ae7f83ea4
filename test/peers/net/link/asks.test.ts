import test from 'ava'
import { PotluckError } from '../../../../src/base/errors.ts'
import { Asks } from '../../../../peers/net/link/asks.ts'

test('what is asked on a link that has closed is refused at once, as what was outstanding is', async (t) => {
  const asks = new Asks(() => {})
  const ask = () =>
    asks.add(
      () => undefined,
      () => {},
    )
  const before = t.throwsAsync(ask, { code: 'UNREACHABLE' })
  asks.close(new PotluckError('UNREACHABLE', 'closed'))
  await before
  await t.throwsAsync(ask, { code: 'UNREACHABLE' })
  t.is(asks.size, 0)
})
