import test from 'ava'
import fc from 'fast-check'
import { RangeTable, type Span } from '../../../src/lock/range-table.ts'

const BYTES = 24
const OWNERS = ['a', 'b', 'c']

/** What is locked, byte by byte; the last byte stands for all that follow. */
class NaiveTable {
  readonly #bytes: Map<string, 'read' | 'write'>[] = Array.from({ length: BYTES }, () => new Map())

  set(owner: string, { kind, from, to }: Span): void {
    for (let byte = from; byte <= Math.min(to, BYTES - 1); byte++) {
      if (kind === 'none') this.#bytes[byte]?.delete(owner)
      else this.#bytes[byte]?.set(owner, kind)
    }
  }

  /** The first byte that another owner holds against it. */
  conflict(owner: string, { kind, from, to }: Span): { owner: string[]; at: number } | undefined {
    if (kind === 'none') return undefined
    for (let at = from; at <= Math.min(to, BYTES - 1); at++) {
      const against = [...(this.#bytes[at] ?? [])].filter(
        ([other, held]) => other !== owner && (kind === 'write' || held === 'write'),
      )
      if (against.length > 0) return { owner: against.map(([other]) => other), at }
    }
    return undefined
  }

  kinds(owner: string): string {
    return this.#bytes.map((byte) => byte.get(owner)?.[0] ?? '-').join('')
  }
}

function kindsOf(table: RangeTable, owner: string): string {
  const bytes = Array<string>(BYTES).fill('-')
  for (const { kind, from, to } of table.heldBy(owner)) {
    for (let byte = from; byte <= Math.min(to, BYTES - 1); byte++) bytes[byte] = kind[0] as string
  }
  return bytes.join('')
}

const span = fc
  .tuple(
    fc.constantFrom('read', 'write', 'none'),
    fc.nat(BYTES - 1),
    fc.oneof({ weight: 4, arbitrary: fc.nat(BYTES - 2) }, fc.constant(Infinity)),
    fc.nat(3),
  )
  .map(([kind, from, length, pid]): Span => {
    // What reaches the last byte is all that follows it.
    const to = from + length >= BYTES - 1 ? Infinity : from + length
    return { kind: kind as Span['kind'], from, to, pid }
  })

const step = fc.record({ owner: fc.constantFrom(...OWNERS), span })

test('any sequence of locks and unlocks leaves what a table of single bytes has', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [table, naive] = [new RangeTable(), new NaiveTable()]
      for (const { owner, span: asked } of steps) {
        const expected = naive.conflict(owner, asked)
        const conflict = table.conflict(owner, asked)
        t.is(conflict === undefined, expected === undefined)
        if (conflict !== undefined && expected !== undefined) {
          t.true(conflict.from <= expected.at && conflict.to >= expected.at)
          t.true(expected.owner.includes(conflict.owner))
          continue
        }
        table.set(owner, asked)
        naive.set(owner, asked)
      }
      for (const owner of OWNERS) t.is(kindsOf(table, owner), naive.kinds(owner))
    }),
    { numRuns: 2_000 },
  )
})

test('segments of an owner are in order, apart, and as few as they can be', (t) => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), (spans) => {
      const table = new RangeTable()
      for (const one of spans) table.set('a', one)
      const segments = table.heldBy('a')
      t.is(table.size, segments.length)
      for (const [i, segment] of segments.entries()) {
        t.true(segment.from <= segment.to)
        const next = segments[i + 1]
        if (next === undefined) continue
        t.true(segment.to < next.from)
        t.true(segment.to + 1 < next.from || segment.kind !== next.kind)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a lock in the middle splits, one of the same kind beside it joins', (t) => {
  const table = new RangeTable()
  const lock = (kind: Span['kind'], from: number, to: number) =>
    table.set('a', { kind, from, to, pid: 1 })
  lock('write', 0, 99)
  lock('read', 10, 19)
  t.deepEqual(
    table.heldBy('a').map(({ kind, from, to }) => [kind, from, to]),
    [
      ['write', 0, 9],
      ['read', 10, 19],
      ['write', 20, 99],
    ],
  )
  lock('write', 10, 19)
  t.deepEqual(table.heldBy('a'), [{ kind: 'write', from: 0, to: 99, pid: 1 }])
  lock('none', 50, Infinity)
  t.deepEqual(table.heldBy('a'), [{ kind: 'write', from: 0, to: 49, pid: 1 }])
  lock('none', 0, Infinity)
  t.deepEqual([...table.owners()], [])
})
