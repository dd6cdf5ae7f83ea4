// Who has locked which bytes of one inode: POSIX's rules, and nothing of leases or of peers. An
// owner's locks never overlap each other: a new one replaces what it covers, so that it may split an
// old one, take its place, weaken or strengthen it, and one that touches its like is joined to it.
import assert from 'node:assert/strict'

export type Segment = {
  readonly kind: 'read' | 'write'
  /** The first byte. */
  readonly from: number
  /** The last byte; Infinity for the end, wherever that is. */
  readonly to: number
  readonly pid: number
}

/** As asked for: 'none' unlocks. */
export type Span = Omit<Segment, 'kind'> & { readonly kind: Segment['kind'] | 'none' }

export type Held = Segment & { readonly owner: string }

export class RangeTable {
  /** Each owner's in order; no owner is there without one. */
  readonly #owners = new Map<string, readonly Segment[]>()
  #size = 0

  /** How many segments there are. */
  get size(): number {
    return this.#size
  }

  owners(): IterableIterator<string> {
    return this.#owners.keys()
  }

  heldBy(owner: string): readonly Segment[] {
    return this.#owners.get(owner) ?? []
  }

  /** Locks or unlocks; what stands in the way must have been looked for. */
  set(owner: string, span: Span): void {
    assert(span.from >= 0 && span.from <= span.to, `a lock from ${span.from} to ${span.to}`)
    this.replace(owner, overlaid(this.heldBy(owner), span))
  }

  /** Everything of one owner, in order and without overlaps. */
  replace(owner: string, segments: readonly Segment[]): void {
    this.#size += segments.length - this.heldBy(owner).length
    if (segments.length === 0) this.#owners.delete(owner)
    else this.#owners.set(owner, segments)
  }

  /** The first byte's worth of what another owner holds against it; undefined where it may be had. */
  conflict(owner: string, span: Span): Held | undefined {
    let first: Held | undefined
    for (const held of this.conflicts(owner, span)) {
      if (first === undefined || held.from < first.from) first = held
    }
    return first
  }

  /** One segment of each other owner that stands in the way. */
  *conflicts(owner: string, span: Span): Generator<Held> {
    if (span.kind === 'none') return
    for (const [other, segments] of this.#owners) {
      if (other === owner) continue
      const held = firstAgainst(segments, span)
      if (held !== undefined) yield { owner: other, ...held }
    }
  }
}

function firstAgainst(segments: readonly Segment[], { kind, from, to }: Span): Segment | undefined {
  for (let i = firstEndingAt(segments, from); i < segments.length; i++) {
    const segment = segments[i] as Segment
    if (segment.from > to) return undefined
    if (kind === 'write' || segment.kind === 'write') return segment
  }
  return undefined
}

/** The place of the first segment that ends at this byte or behind it. */
function firstEndingAt(segments: readonly Segment[], from: number): number {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((segments[middle] as Segment).to < from) low = middle + 1
    else high = middle
  }
  return low
}

/** What an owner holds once a span is laid over it. */
function overlaid(segments: readonly Segment[], span: Span): Segment[] {
  const { from, to, pid } = span
  const first = firstEndingAt(segments, from)
  const left: Segment[] = segments.slice(0, first)
  const right: Segment[] = []
  for (const segment of segments.slice(first)) {
    if (segment.from < from) left.push({ ...segment, to: from - 1 })
    if (segment.to > to) right.push({ ...segment, from: Math.max(segment.from, to + 1) })
  }
  if (span.kind === 'none') return [...left, ...right]
  return joined(left, { kind: span.kind, from, to, pid }, right)
}

/** The middle one takes in its neighbours where they touch it and are of its kind. */
function joined(left: Segment[], middle: Segment, right: Segment[]): Segment[] {
  const before = left.at(-1)
  const after = right[0]
  let { from, to } = middle
  if (before !== undefined && before.kind === middle.kind && before.to === from - 1) {
    from = before.from
    left.pop()
  }
  if (after !== undefined && after.kind === middle.kind && after.from === to + 1) {
    to = after.to
    right.shift()
  }
  return [...left, { ...middle, from, to }, ...right]
}
