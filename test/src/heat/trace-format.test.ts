import test from 'ava'
import fc from 'fast-check'
import { decodeTrace, encodeTrace } from '../../../src/heat/trace-format.ts'
import { MAX_TRACE_BYTES, type Trace } from '../../../src/heat/trace.ts'
import { codeOf } from '../../../src/base/errors.ts'
import { ByteWriter } from '../../../src/wire/writer.ts'
import { entry, files, resealed, traceOf } from './traces-made.ts'

const NAME = fc.stringMatching(/^[a-z\xff][a-z.\xff]{0,8}$/)
const ENTRY = fc.record({
  path: fc.array(NAME, { minLength: 1, maxLength: 5 }).map((names) => names.join('/')),
  afterMs: fc.nat(100_000),
  isListed: fc.boolean(),
  ranges: fc.array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 })), {
    maxLength: 5,
  }),
  missed: fc.nat(3),
})

function rangesOf(pairs: readonly (readonly [number, number])[]) {
  let at = 0
  return pairs.map(([gap, length]) => {
    const from = at + gap
    at = from + length
    return { from: from * 4096, to: at * 4096 }
  })
}

test('a trace comes back as it was', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(ENTRY, { selector: ({ path }) => path }), (drawn) => {
      const entries = drawn
        .toSorted((a, b) => a.afterMs - b.afterMs)
        .map((each) => ({ ...each, ranges: rangesOf(each.ranges) }))
      const trace: Trace = { name: 'a-1', command: 'p\u00fc', recordedMs: 1.5, entries }
      t.deepEqual(decodeTrace(encodeTrace(trace)), trace)
    }),
  )
})

test('no damaged byte goes unnoticed', (t) => {
  const bytes = encodeTrace(traceOf('a', files('lib', 20)))
  for (let i = 0; i < bytes.length; i++) {
    const damaged = Uint8Array.from(bytes)
    damaged[i] = (damaged[i] as number) ^ 0x10
    t.throws(() => decodeTrace(damaged), { code: 'MALFORMED' } as never, `byte ${i}`)
  }
  for (let i = 0; i < bytes.length; i++) {
    t.throws(() => decodeTrace(bytes.subarray(0, i)), { code: 'MALFORMED' } as never, `${i} bytes`)
  }
})

test('forged bytes give a trace within its bounds, or an error that says so', (t) => {
  const bytes = encodeTrace(traceOf('a', files('lib', 4)))
  fc.assert(
    fc.property(fc.nat(bytes.length - 5), fc.nat(255), (at, value) => {
      const forged = Uint8Array.from(bytes)
      forged[at] = value
      try {
        for (const { path, ranges } of decodeTrace(resealed(forged)).entries) {
          t.false(path.split('/').some((name) => name === '..' || name === '.' || name === ''))
          t.true(ranges.every(({ from, to }) => from < to && to <= 2 ** 52))
        }
      } catch (error) {
        t.true(['MALFORMED', 'TOO_LARGE'].includes(codeOf(error)), String(error))
      }
    }),
  )
})

test('paths that leave the volume are refused, however they are put together', (t) => {
  const refused = (path: string) => {
    const bytes = encodeTrace({ ...traceOf('a', []), entries: [entry('lib/x'), entry(path)] })
    t.throws(() => decodeTrace(bytes), { code: 'MALFORMED' } as never, path)
  }
  for (const path of ['..', 'lib/..', 'lib/../../etc', '/etc', 'lib//x', 'lib/x/', '.', 'a\0b']) {
    refused(path)
  }
  refused('lib/x')
})

test('names that are no names, and other versions, are refused', (t) => {
  for (const name of ['', '..', 'a/b', '-x', 'x'.repeat(129), 'a b']) {
    const bytes = encodeTrace({ ...traceOf('a', []), name: name.slice(0, 128) })
    if (name.length <= 128) t.throws(() => decodeTrace(bytes), { code: 'MALFORMED' } as never, name)
  }
  const bytes = Buffer.from(encodeTrace(traceOf('a', ['x'])))
  bytes[4] = 2
  t.throws(() => decodeTrace(resealed(bytes)), { message: /version is 2, not 1/ })
})

test('a million entries are refused before anything is made of them', (t) => {
  const to = new ByteWriter()
  to.u32(0x52544c50)
  to.u8(1)
  to.text('a', 128)
  to.text('', 128)
  to.f64(0)
  to.varint(1_000_000)
  to.raw(new Uint8Array(2_000_000))
  to.u32(0)
  t.throws(() => decodeTrace(resealed(to.copy())), { code: 'TOO_LARGE' } as never)
  t.throws(() => decodeTrace(new Uint8Array(MAX_TRACE_BYTES + 1)), { code: 'TOO_LARGE' } as never)
  const many = Array.from({ length: 65_537 }, (_, i) => `f${i}`)
  t.throws(() => encodeTrace(traceOf('a', many)), { code: 'TOO_LARGE' } as never)
})
