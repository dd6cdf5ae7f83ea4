import test from 'ava'
import { LeaseSessions, type LeaseSession } from '../../../../src/lock/lease/lease-sessions.ts'
import { type Entry, LeaseTable, noteHead } from '../../../../src/lock/lease/lease-table.ts'
import { MAX_LEASED_HEADS } from '../../../../src/wire/limits.ts'
import { SeededRandom } from '../../../../sim/engine/seeded-random.ts'
import { VirtualClock } from '../../../../sim/engine/virtual-clock.ts'

const now = () => 50

function entryOf(table: LeaseTable, inode: string): Entry {
  const entry = table.at({ volume: 'v', inode }, now, () => 3)
  if (entry === undefined) throw new Error('no room')
  return entry
}

test('of what others keep now it is said for how long it may be used, and changed', async (t) => {
  const clock = new VirtualClock()
  const sessions = new LeaseSessions({ clock, random: new SeededRandom(1) })
  const table = new LeaseTable()
  type Wanted = { readonly kind: 'sole' | 'shared'; readonly forMs: number }
  const lease = (inode: string, peer: string, { kind, forMs }: Wanted) => {
    const session = sessions.take({ peer, epoch: 1 }, { session: 0, roll: 1 }) as LeaseSession
    sessions.extend(session, forMs)
    entryOf(table, inode).grants.set(session, { kind, turn: 1 })
  }
  lease('1', 'a', { kind: 'shared', forMs: 900 })
  lease('2', 'b', { kind: 'sole', forMs: 500 })
  lease('3', 'c', { kind: 'sole', forMs: 2_000 })
  lease('4', 'd', { kind: 'sole', forMs: 3_000 })
  sessions.gone('d')
  const startMs = clock.now()
  const departed = table.depart(({ inode }) => inode === '3')
  t.deepEqual(departed, { leasedMs: startMs + 900, changedMs: startMs + 500 })
  t.is(table.size, 1)
  t.deepEqual(
    table.depart(() => true),
    { leasedMs: 0, changedMs: 0 },
  )
})

test('of each publisher the last rumor is kept, and of too many that nobody knows', (t) => {
  const entry = entryOf(new LeaseTable(), '1')
  t.is(entry.since, 3)
  noteHead(entry, { publisher: 'p', epoch: 1, number: 1 }, now)
  noteHead(entry, { publisher: 'p', epoch: 1, number: 2 }, now)
  noteHead(entry, { publisher: 'p', epoch: 2, number: 1 }, now)
  t.deepEqual(
    entry.heads.map(({ epoch, number }) => [epoch, number]),
    [
      [1, 2],
      [2, 1],
    ],
  )
  for (let i = 2; i <= MAX_LEASED_HEADS; i++) {
    noteHead(entry, { publisher: `p${i}`, epoch: 1, number: 1 }, now)
  }
  t.deepEqual([entry.heads, entry.since], [[], 50])
})
