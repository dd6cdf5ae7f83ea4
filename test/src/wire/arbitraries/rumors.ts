// What is told to everyone.
import fc from 'fast-check'
import type {
  Gossip,
  Invalidation,
  News,
  NewsEntry,
  Rumor,
  RumorHead,
  TraceNotice,
} from '../../../../src/ports/messages.ts'
import {
  attributes,
  count,
  epoch,
  finite,
  inode,
  is,
  name,
  path,
  peerId,
  stamp,
  volume,
} from './basics.ts'
import { dirtyNews } from './dirty.ts'
import { heatNews } from './heat.ts'

export const head: fc.Arbitrary<RumorHead> = fc.record({ publisher: peerId, epoch, number: count })

export const traceName = fc.stringMatching(/^[a-z0-9.-]{0,20}$/)
export const notice: fc.Arbitrary<TraceNotice> = fc.record({
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

const changed = attributes.map(({ ctimeSeconds, ctimeNanos }) => ({ ctimeSeconds, ctimeNanos }))

const news: fc.Arbitrary<News> = fc.oneof(
  fc.record({ type: is('name'), name, by: peerId, changed }),
  fc.record({ type: is('name'), name, by: peerId, changed, entry: newsEntry }),
  fc.record({ type: is('attributes'), attributes, isContent: fc.boolean() }),
  dirtyNews,
)

const tookMs = fc.integer({ min: 1, max: 3_600_000 })

export const told: fc.Arbitrary<Invalidation> = fc.oneof(
  fc.record({ volume, inode, stamp, news }),
  fc.record({ volume, inode, stamp, tookMs, news }),
)

const invalidation: fc.Arbitrary<Invalidation> = fc.oneof(
  fc.record({ volume, inode: fc.oneof(inode, fc.constant('*')), stamp }),
  told,
)

export const rumor: fc.Arbitrary<Rumor> = fc.record({
  publisher: peerId,
  epoch,
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  invalidations: fc.array(invalidation, { maxLength: 5 }),
})

export const gossip: fc.Arbitrary<Gossip> = fc.oneof(
  rumor.map((one): Gossip => ({ type: 'rumor', rumor: one })),
  head.map((one): Gossip => ({ type: 'heartbeat', head: one })),
  fc.record({ type: is('trace'), publisher: peerId, notice }),
  fc.record({ type: is('heat'), publisher: peerId, news: heatNews }),
)
