import test from 'ava'
import { MAX_TRACES, TraceStore } from '../../../src/heat/trace-store.ts'
import { entry, files, traceOf } from './traces-made.ts'

test('a start is known by the files that it reads first', (t) => {
  const store = new TraceStore()
  store.put(traceOf('numpy', [...files('std', 40), ...files('numpy', 400)]))
  store.put(traceOf('shell', files('bin', 40), { command: 'sh' }))
  t.is(store.match(files('std', 3), 'python3')?.name, 'numpy')
  t.is(store.match(files('bin', 3), 'python3')?.name, 'shell')
  t.is(store.match(['other/a', 'other/b', 'std/file0'], 'python3'), undefined)
  t.is(store.match(files('numpy', 400).slice(-3), 'python3'), undefined, 'that is no beginning')
})

test('of two that begin alike, the one of the same command is followed', (t) => {
  const store = new TraceStore()
  store.put(traceOf('a', [...files('std', 40), ...files('a', 100)], { command: 'a' }))
  store.put(traceOf('b', [...files('std', 40), ...files('b', 100)], { command: 'b' }))
  t.is(store.match(files('std', 3), 'a')?.name, 'a')
  t.is(store.match(files('std', 3), 'b')?.name, 'b')
})

test('names of a directory are expected together', (t) => {
  const store = new TraceStore()
  store.put(traceOf('a', ['lib/x', 'lib/y', 'lib/sub/z']))
  t.deepEqual(
    store.expected('lib', 'x').toSorted(),
    ['sub', 'x', 'y'].filter((n) => n !== 'sub'),
  )
  t.deepEqual(store.expected('lib', 'unknown'), [])
  t.deepEqual(store.expected('', 'x'), [])
})

test('a start that is known freshens its trace, another becomes a new one', (t) => {
  const store = new TraceStore()
  const first = store.learn(traceOf('', files('a', 100)))
  t.regex(first?.name ?? '', /^python3-[0-9a-f]{8}$/)
  t.is(store.learn(traceOf('', files('a', 100))), undefined, 'nothing new')
  const more = store.learn(traceOf('', [...files('a', 100), ...files('b', 20)]))
  t.is(more?.name, first?.name)
  t.is(more?.entries.length, 120)
  const other = store.learn(traceOf('', files('c', 100)))
  t.not(other?.name, first?.name)
  t.is(store.all().length, 2)
  t.is(store.learn(traceOf('', files('d', 5))), undefined, 'too little to know')
})

test('what the kernel hid is not forgotten; what is not used any more is, after a while', (t) => {
  const store = new TraceStore()
  const name = store.learn(traceOf('', files('a', 100)))?.name ?? ''
  for (let i = 0; i < 5; i++) store.learn(traceOf('', files('a', 30)))
  t.is(store.get(name)?.entries.length, 100)
  const now = [...files('a', 90), ...files('new', 10)]
  for (let i = 0; i < 3; i++) store.learn(traceOf('', now))
  t.is(store.get(name)?.entries.length, 100)
  t.false(store.get(name)?.entries.some(({ path }) => path === 'a/file95'))
})

test('ranges of two starts are put together', (t) => {
  const store = new TraceStore()
  const paths = files('a', 20)
  store.put(traceOf('a', paths))
  const ranges = [
    { from: 4096, to: 8192 },
    { from: 40_960, to: 45_056 },
  ]
  const entries = [...paths, ...files('b', 5)].map((path) => entry(path, { ranges }))
  t.deepEqual(store.learn(traceOf('a', [], { entries }))?.entries[0]?.ranges, [
    { from: 0, to: 8192 },
    { from: 40_960, to: 45_056 },
  ])
})

test('no more traces than fit: the ones used last stay', (t) => {
  const store = new TraceStore()
  for (let i = 0; i < MAX_TRACES; i++) store.put(traceOf(`t${i}`, files(`d${i}`, 20)))
  store.match(files('d0', 3), 'python3')
  store.put(traceOf('another', files('other', 20)))
  t.is(store.all().length, MAX_TRACES)
  t.truthy(store.get('t0'))
  t.is(store.get('t1'), undefined)
})
