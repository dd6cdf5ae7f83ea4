import test from 'ava'
import type { LockRange } from '../../../src/ports/changes.ts'
import { Stopper } from '../../../src/base/abort.ts'
import { Tables } from '../../../src/lock/keeper/tables.ts'

const [F, G] = [
  { volume: 'v', inode: '1' },
  { volume: 'v', inode: '2' },
]
const all = (isFlock = false): LockRange => {
  return { kind: 'write', from: 0, to: Infinity, owner: 1n, pid: 1, isFlock }
}
const process = (peer: string) => ({ holder: { peer, epoch: 1 }, owner: 1n })
const [A, B, C] = [process('a'), process('b'), process('c')]
const NEVER = new Stopper()

test('a wait that closes a circle over two files is refused, one that does not waits', async (t) => {
  const tables = new Tables()
  tables.at(F).set(A, all())
  tables.at(G).set(B, all())
  const waiting = tables.wait(B, { ...F, range: all() }, NEVER)
  t.is(await tables.wait(A, { ...G, range: all() }, NEVER), 'deadlock')
  const third = tables.wait(C, { ...G, range: all() }, NEVER)
  t.is(tables.waiters, 2)
  tables.at(F).set(A, { ...all(), kind: 'none' })
  tables.pump(F, () => 'granted')
  t.is(await waiting, 'granted')
  tables.at(G).set(B, { ...all(), kind: 'none' })
  tables.pump(G, () => 'granted')
  t.is(await third, 'granted')
  t.is(tables.waiters, 0)
})

test('a circle of flocks is not looked for, as in Linux', async (t) => {
  const tables = new Tables()
  tables.at(F).set(A, all(true))
  tables.at(G).set(B, all(true))
  const stop = new Stopper()
  const waits = [
    tables.wait(B, { ...F, range: all(true) }, stop),
    tables.wait(A, { ...G, range: all(true) }, stop),
  ]
  stop.abort()
  t.deepEqual(await Promise.all(waits), ['later', 'later'])
  t.is(tables.waiters, 0)
})

test('those who wait have their turn in the order in which they came', async (t) => {
  const tables = new Tables()
  tables.at(F).set(A, all())
  const order: string[] = []
  const turns = [B, C].map(async (owner) => {
    await tables.wait(owner, { ...F, range: all() }, NEVER)
    order.push(owner.holder.peer)
    tables.at(F).set(owner, { ...all(), kind: 'none' })
    tables.pump(F, () => 'granted')
  })
  tables.at(F).set(A, { ...all(), kind: 'none' })
  tables.pump(F, () => 'granted')
  await Promise.all(turns)
  t.deepEqual(order, ['b', 'c'])
  t.is(tables.size, 0)
})

test('who waits beyond what there is room for is told so', async (t) => {
  const tables = new Tables()
  tables.at(F).set(A, all())
  const stop = new Stopper()
  const waits = Array.from({ length: 1_024 }, (_, i) =>
    tables.wait(process(`p${i}`), { ...F, range: all() }, stop),
  )
  t.is(await tables.wait(B, { ...F, range: all() }, NEVER), 'full')
  stop.abort()
  await Promise.all(waits)
})
