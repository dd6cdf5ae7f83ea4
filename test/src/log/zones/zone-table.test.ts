import test from 'ava'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { layoutFor, ZONES_FROM } from '../../../../src/log/format/layout.ts'
import type { Zone } from '../../../../src/log/zones/zone.ts'
import { ZoneTable } from '../../../../src/log/zones/zone-table.ts'

const ZONE_BYTES = 65_536

test('few zones keep their space, and they are the first to be used again', (t) => {
  const layout = layoutFor(ZONES_FROM + 96 * ZONE_BYTES, ZONE_BYTES)
  const zones = new ZoneTable(layout, new SeededRandom('zones'))
  const take = (): Zone => {
    const zone = zones.take(true)
    if (zone === undefined) throw new Error('no zone')
    return zone
  }
  const used = Array.from({ length: 5 }, take)
  const kept: boolean[] = []
  for (const zone of used) {
    const isBacked = zones.wantsBacked
    kept.push(isBacked)
    zone.state = 'leaving'
    zones.release(zone, { isBacked })
  }
  t.deepEqual(kept, [true, true, true, false, false])
  t.deepEqual([take(), take(), take()], [used[2], used[1], used[0]])
  t.true(zones.wantsBacked)
  const fresh = take()
  t.false(used.includes(fresh), 'then those that never were used')
})

test("a zone that is borrowed is nobody else's, and the next one when it comes back", async (t) => {
  const layout = layoutFor(ZONES_FROM + 16 * ZONE_BYTES, ZONE_BYTES)
  const zones = new ZoneTable(layout, new SeededRandom('zones'))
  const borrowed = zones.borrow()
  const other = zones.take(true)
  t.not(other, borrowed)
  t.is(zones.freeZones, 14)
  const released = zones.released()
  if (borrowed !== undefined) zones.giveBack(borrowed, { isBacked: true })
  await t.notThrowsAsync(released, 'who waits for a zone is told')
  t.is(zones.borrow(), undefined, 'it has its space')
  t.is(zones.take(true), borrowed)
})
