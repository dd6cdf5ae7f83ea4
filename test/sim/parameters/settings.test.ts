import test from 'ava'
import { DEFAULT_PARAMETERS, PARAMETER_GROUPS } from '../../../sim/parameters/parameters.ts'
import { listParameters, setParameters } from '../../../sim/parameters/settings.ts'

test('a setting sets one parameter and leaves the defaults as they were', (t) => {
  const set = setParameters([
    'network.cpuMessageMs=0.5',
    'broadcast.bytes=64MiB',
    'dataset.order=zipf',
  ])
  t.is(set.network.cpuMessageMs, 0.5)
  t.is(set.broadcast.bytes, 2 ** 26)
  t.is(set.dataset.order, 'zipf')
  t.is(set.network.upBytesPerMs, DEFAULT_PARAMETERS.network.upBytesPerMs)
  t.not(DEFAULT_PARAMETERS.network.cpuMessageMs, 0.5)
  t.is(setParameters(['network.cpuByteMs=5e-7']).network.cpuByteMs, 5e-7)
})

test('a setting that can not be understood says what there is', (t) => {
  t.throws(() => setParameters(['network.nothing=1']), { message: /network\.cpuMessageMs/ })
  t.throws(() => setParameters(['nothing']), { message: /groups network/ })
  t.throws(() => setParameters(['network.cpuMessageMs=']), { message: /has no number/ })
  t.throws(() => setParameters(['network.cpuMessageMs=1 TiB']), { message: /has no number/ })
  t.throws(() => setParameters(['dataset.order=none']), { message: /shuffled, zipf/ })
})

test('every group of parameters says where its defaults come from', (t) => {
  const groups = new Set(listParameters(DEFAULT_PARAMETERS).map(({ name }) => name.split('.')[0]))
  t.deepEqual(groups, new Set(Object.keys(PARAMETER_GROUPS)))
})
