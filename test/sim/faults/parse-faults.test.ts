import test from 'ava'
import { type Faults, NO_FAULTS, PROFILES } from '../../../sim/faults/faults.ts'
import { parseFaults } from '../../../sim/faults/parse-faults.ts'

test('a profile, single faults, or a profile and what is different', (t) => {
  const check = (text: string, expected: Partial<Faults>, base: Faults = NO_FAULTS) =>
    t.deepEqual(parseFaults(text), { ...base, ...expected }, text)
  check('none', {})
  check('some', {}, PROFILES.some)
  check('many, dead=0', { dead: 0 }, PROFILES.many)
  check('crash=1%,dead=0.05', { crash: 0.01, dead: 0.05 })
  check('bounce=150%', { bounce: 1.5 })
  check('partition=2,source-stall=1,for=20s,spared=0', {
    partition: 2,
    sourceStall: 1,
    forMs: 20_000,
    spared: 0,
  })
  check('for=1500ms,skew=2s', { forMs: 1_500, skewMs: 2_000 })
  check('rumor-loss=1%,rumor-late=2%', { rumorLoss: 0.01, rumorLate: 0.02 })
})

test('what can not be understood is said, and what to write instead', (t) => {
  const check = (text: string, message: RegExp) =>
    t.throws(() => parseFaults(text), { instanceOf: RangeError, message }, text)
  check('crsh=1%', /'crsh' is no fault; there are none, some, many.*crash/)
  check('toString', /'toString' is no fault/)
  check('all', /'all' is no fault/)
  check('', /'' is no fault/)
  check('dead=five', /'dead=five'.*write dead=5%/)
  check('dead=-1', /'dead=-1'/)
  check('dead=101%', /more than all/)
  check('loss=2', /more than all/)
  check('partition=10%', /write partition=2/)
  check('partition=1.5', /write partition=2/)
  check('for=20', /is no time; write for=20s/)
  check('toString=1', /'toString' is no fault/)
})
