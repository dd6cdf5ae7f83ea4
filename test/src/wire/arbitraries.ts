import fc from 'fast-check'
import type {
  Answer,
  Attributes,
  Gossip,
  Invalidation,
  News,
  NewsEntry,
  Reply,
  Request,
  Rumor,
  RumorHead,
  TraceNotice,
  Want,
} from '../../../src/ports/messages.ts'

const byteString = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'))

export const name = byteString(1, 255)
  .map((text) => text.replaceAll(/[/\0]/g, 'x'))
  .filter((text) => text !== '.' && text !== '..')

export const path = fc.array(name, { maxLength: 8 }).map((names) => names.join('/'))

const count = fc.oneof(fc.nat(300), fc.maxSafeNat())
const stamp = fc.maxSafeNat()
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const volume = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((text) => !/[\0\ufffd]/.test(text) && Buffer.byteLength(text) <= 255)
const inodeNumber = fc.bigInt({ min: 0n, max: 18_446_744_073_709_551_615n }).map(String)
const inode = fc.oneof(
  inodeNumber,
  fc
    .tuple(
      inodeNumber,
      path.filter((text) => text !== ''),
    )
    .map((parts) => parts.join('@')),
)
const peerId = fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{1,60}$/)
const nanos = fc.nat(999_999_999)
const seconds = fc.maxSafeInteger()

export const attributes: fc.Arbitrary<Attributes> = fc.record({
  inode,
  type: fc.constantFrom(
    ...(['file', 'directory', 'symlink', 'fifo', 'socket', 'block', 'character'] as const),
  ),
  mode: fc.nat(0o7777),
  // As the kernel has them.
  nlink: fc.nat(0xffff_ffff),
  uid: fc.nat(0xffff_ffff),
  gid: fc.nat(0xffff_ffff),
  rdev: fc.nat(0xffff_ffff),
  size: count,
  blocks: count,
  atimeSeconds: seconds,
  atimeNanos: nanos,
  mtimeSeconds: seconds,
  mtimeNanos: nanos,
  ctimeSeconds: seconds,
  ctimeNanos: nanos,
})

const want: fc.Arbitrary<Want> = fc.record({
  volume,
  kind: fc.constantFrom('page', 'data', 'xattrs'),
  inode,
  index: count,
  splits: fc.nat(1_048_576),
  path,
  version: finite,
  floor: stamp,
  reach: fc.constantFrom('climb', 'held', 'source'),
})

const epoch = count
const head: fc.Arbitrary<RumorHead> = fc.record({ publisher: peerId, epoch, number: count })

const traceName = fc.stringMatching(/^[a-z0-9.-]{0,20}$/)
const notice: fc.Arbitrary<TraceNotice> = fc.record({
  volume,
  name: traceName,
  recordedMs: finite,
  bytes: count,
  checksum: count,
})

const newsEntry: fc.Arbitrary<NewsEntry> = fc.oneof(
  fc.record({ attributes }),
  fc.record({ attributes, target: path }),
)

const news: fc.Arbitrary<News> = fc.oneof(
  fc.record({ type: fc.constant('name'), name, by: peerId }),
  fc.record({ type: fc.constant('name'), name, by: peerId, entry: newsEntry }),
  fc.record({ type: fc.constant('attributes'), attributes, isContent: fc.boolean() }),
)

const told: fc.Arbitrary<Invalidation> = fc.record({ volume, inode, stamp, news })

const invalidation: fc.Arbitrary<Invalidation> = fc.oneof(
  fc.record({ volume, inode: fc.oneof(inode, fc.constant('*')), stamp }),
  told,
)

const rumor: fc.Arbitrary<Rumor> = fc.record({
  publisher: peerId,
  epoch,
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  invalidations: fc.array(invalidation, { maxLength: 5 }),
})

export const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 3, arbitrary: want.map((one): Request => ({ type: 'want', want: one })) },
  fc.record({ type: fc.constant('holding'), keys: fc.array(byteString(32, 32), { maxLength: 9 }) }),
  fc.record({ type: fc.constant('describe'), volume }),
  fc
    .tuple(peerId, epoch, fc.integer({ min: 1, max: 1e12 }), fc.nat(1e12))
    .map(([publisher, life, from, more]): Request => {
      return { type: 'repair', publisher, epoch: life, from, to: from + more }
    }),
  fc.constant<Request>({ type: 'heads' }),
  fc.record({
    type: fc.constant('warm'),
    volume,
    paths: fc.array(path, { maxLength: 5 }),
    trace: traceName,
  }),
  fc.constant<Request>({ type: 'traces' }),
  fc.record({ type: fc.constant('trace'), volume, name: traceName }),
)

const block = fc.record({
  stamp,
  version: finite,
  checksum: finite,
  bytes: fc.uint8Array({ maxLength: 200 }),
})

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ type: fc.constant('block'), block }),
  fc.record({
    type: fc.constant('block'),
    block,
    news: fc.array(told, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('busy'), referrals: fc.array(peerId, { maxLength: 16 }) }),
  fc.constant<Answer>({ type: 'missing' }),
  fc.record({ type: fc.constant('changed'), attributes, stamp }),
)

export const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 3, arbitrary: answer.map((one): Reply => ({ type: 'answer', answer: one })) },
  fc.record({ type: fc.constant('held'), held: fc.array(fc.boolean(), { maxLength: 40 }) }),
  fc.record({
    type: fc.constant('description'),
    description: fc.record({
      volume,
      blockBytes: fc.integer({ min: 1, max: 4_194_304 }),
      hasSource: fc.boolean(),
    }),
  }),
  fc.record({ type: fc.constant('rumors'), rumors: fc.array(rumor, { maxLength: 4 }) }),
  fc.record({ type: fc.constant('heads'), heads: fc.array(head, { maxLength: 9 }) }),
  fc.record({ type: fc.constant('traces'), traces: fc.array(notice, { maxLength: 4 }) }),
  fc.constant<Reply>({ type: 'done' }),
  fc.record({
    type: fc.constant('failed'),
    code: fc.constantFrom('EIO', 'UNREACHABLE', 'UNKNOWN_VOLUME'),
    message: fc.string({ maxLength: 50 }),
  }),
)

export const gossip: fc.Arbitrary<Gossip> = fc.oneof(
  rumor.map((one): Gossip => ({ type: 'rumor', rumor: one })),
  head.map((one): Gossip => ({ type: 'heartbeat', head: one })),
  fc.record({ type: fc.constant('trace'), publisher: peerId, notice }),
)
