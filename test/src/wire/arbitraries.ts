import fc from 'fast-check'
import type { At, Change, Target } from '../../../src/ports/writable-source.ts'
import type { LockRange } from '../../../src/ports/changes.ts'
import type { LockAnswer, LockQuestion } from '../../../src/ports/locks.ts'
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

const u32 = fc.nat(0xffff_ffff)
const mode = fc.nat(0o7777)
const bytes = fc.uint8Array({ maxLength: 200 })
const handle = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const at: fc.Arbitrary<At> = fc.record({ directory: inode, path, name })
const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ inode, path }),
  fc.record({ inode, path, handle }),
)
const span = fc.record({ handle, from: count })
const how = fc.record({
  access: fc.constantFrom('read', 'write', 'both'),
  append: fc.boolean(),
  truncate: fc.boolean(),
  direct: fc.boolean(),
})
const time = fc.oneof(
  fc.constant('now'),
  fc.record({ seconds: fc.maxSafeInteger().map((it) => it + 0), nanos }),
)
const attributeChanges = fc.record(
  { mode, uid: u32, gid: u32, size: count, atime: time, mtime: time },
  { requiredKeys: [] },
)
const node = fc.record({
  type: fc.constantFrom('file', 'fifo', 'socket', 'block', 'character'),
  mode,
  rdev: count,
})
const is = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type)

const change = fc.oneof(
  fc.record({ type: is('create'), at, mode, isExclusive: fc.boolean(), how }),
  fc.record({ type: is('mknod'), at, node }),
  fc.record({ type: is('mkdir'), at, mode }),
  fc.record({ type: is('symlink'), at, target: path }),
  fc.record({ type: is('link'), from: target, at }),
  fc.record({ type: fc.constantFrom('unlink', 'rmdir'), at }),
  fc.record({
    type: is('rename'),
    from: at,
    at,
    mode: fc.constantFrom('replace', 'no-replace', 'exchange'),
  }),
  fc.record({ type: is('setattr'), on: target, changes: attributeChanges }),
  fc.record({
    type: is('setxattr'),
    on: target,
    name,
    value: bytes,
    mode: fc.constantFrom('set', 'create', 'replace'),
  }),
  fc.record({ type: is('removexattr'), on: target, name }),
  fc.record({ type: is('open'), on: target, how }),
  fc.record({ type: is('tmpfile'), on: target, mode, how }),
  fc.record({ type: is('sync-directory'), on: target }),
  fc.record({ type: is('read'), of: span, length: fc.nat(4_194_304) }),
  fc.record({ type: is('write'), of: span, bytes, isAppend: fc.boolean() }),
  fc.record({
    type: is('allocate'),
    of: span,
    length: count,
    how: fc.constantFrom('extend', 'keep-size', 'punch-hole', 'zero', 'zero-keep-size'),
  }),
  fc.record({ type: is('copy'), of: span, to: span, length: count }),
  fc.record({ type: is('seek'), of: span, for: fc.constantFrom('data', 'hole') }),
  fc.record({ type: is('sync'), handle, dataOnly: fc.boolean() }),
  fc.record({ type: is('close'), handle }),
) as fc.Arbitrary<Change>

const caller = fc.record({
  uid: u32,
  gid: u32,
  groups: fc.array(u32, { maxLength: 5 }),
  umask: mode,
})

const made = fc.record(
  { news: fc.array(told, { maxLength: 4 }), handle, count, offset: count, bytes },
  { requiredKeys: ['news'] },
)
const member = fc.record({ peer: peerId, epoch: count })
const members = fc.array(member, { maxLength: 4 })
const roll = fc.record({
  founder: member,
  number: fc.integer({ min: 1, max: 1e9 }),
  keepers: fc.array(member, { minLength: 1, maxLength: 4 }),
  previous: members,
})
const range: fc.Arbitrary<LockRange> = fc
  .record({
    kind: fc.constantFrom(...(['read', 'write', 'none'] as const)),
    from: fc.nat(1e12),
    length: fc.oneof(fc.nat(1e12), fc.constant(Infinity)),
    owner: fc.bigInt({ min: 0n, max: 18_446_744_073_709_551_615n }),
    pid: count,
    isFlock: fc.boolean(),
  })
  .map(({ length, ...rest }) => ({ ...rest, to: rest.from + length }))
const records = fc.array(
  fc.record({ holder: member, volume, inode, locks: fc.array(range, { maxLength: 3 }) }),
  { maxLength: 3 },
)
const place = { epoch: count, volume, inode }
const turn = { session: count, sequence: count }

const lockQuestion: fc.Arbitrary<LockQuestion> = fc.oneof(
  fc.record({ step: fc.constant('roll'), epoch: count, roll }, { requiredKeys: ['step', 'epoch'] }),
  fc.record({ step: fc.constantFrom('enrol', 'vouch', 'handover'), epoch: count, roll }),
  fc.record({ step: fc.constant('complain'), roll, about: member }),
  fc.record({ step: fc.constant('prepare'), roll, ballot: count }),
  fc.record({ step: fc.constant('accept'), roll, ballot: count, next: roll }),
  fc.record({
    step: fc.constant('set'),
    ...place,
    ...turn,
    range,
    wait: fc.boolean(),
    told: stamp,
  }),
  fc.record({ step: fc.constant('test'), ...place, range }),
  fc.record({ step: fc.constant('renew'), epoch: count, session: count }),
  fc.record({ step: fc.constant('claim'), epoch: count, ...turn, records }),
) as fc.Arbitrary<LockQuestion>

const lockAnswer: fc.Arbitrary<LockAnswer> = fc.oneof(
  fc.record({ type: fc.constant('roll'), epoch: count, roll }, { requiredKeys: ['type', 'epoch'] }),
  fc.record(
    {
      type: fc.constant('vote'),
      isGiven: fc.boolean(),
      ballot: count,
      acceptedBallot: count,
      accepted: roll,
      roll,
    },
    { requiredKeys: ['type', 'isGiven', 'ballot', 'acceptedBallot'] },
  ),
  fc.record({ type: fc.constant('records'), settledInMs: count, records }),
  fc.record({
    type: fc.constant('lease'),
    session: count,
    forMs: count,
    told: stamp,
    refused: fc.array(fc.nat(4_095), { maxLength: 5 }),
  }),
  fc.record({ type: fc.constant('conflict'), holder: peerId, range }),
  fc.constant({ type: 'free' }),
  fc.record(
    {
      type: fc.constant('refused'),
      why: fc.constantFrom('moved', 'later', 'expired', 'stale', 'deadlock', 'full'),
      roll,
    },
    { requiredKeys: ['type', 'why'] },
  ),
) as fc.Arbitrary<LockAnswer>

export const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: is('change'),
      volume,
      session: count,
      number: count,
      caller,
      change,
    }),
  },
  fc.record({ type: is('changes'), volume }),
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
  lockQuestion.map((question): Request => ({ type: 'lock', question })),
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
  made.map((one): Reply => ({ type: 'made', made: one })),
  lockAnswer.map((one): Reply => ({ type: 'lock', answer: one })),
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
