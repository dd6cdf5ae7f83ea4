import test from 'ava'
import fc from 'fast-check'
import { positionOf } from '../../../src/block/key.ts'
import type { Contact } from '../../../src/ports/routing.ts'
import { ContactList } from '../../../sim/routing/contact-list.ts'

const contacts = Array.from({ length: 24 }, (_, i): Contact => {
  const peer = `peer-${i}`
  return { peer, position: positionOf(peer) }
})

test('it holds what a set would, sorted, and counts what lies between two places', (t) => {
  const [first, last] = [contacts[3], contacts[7]].toSorted((a, b) =>
    (a as Contact).position < (b as Contact).position ? -1 : 1,
  ) as [Contact, Contact]
  fc.assert(
    fc.property(fc.array(fc.nat(contacts.length - 1), { maxLength: 100 }), (picks) => {
      const [list, set] = [new ContactList(), new Set<Contact>()]
      for (const pick of picks) {
        const contact = contacts[pick] as Contact
        if (set.delete(contact)) list.delete(contact)
        else {
          set.add(contact)
          list.add(contact)
        }
        t.is(list.size, set.size)
      }
      const sorted = [...set].toSorted((a, b) => (a.position < b.position ? -1 : 1))
      t.deepEqual(list.all(), sorted)
      t.true(contacts.every((contact) => list.has(contact) === set.has(contact)))
      const between = sorted.filter(
        ({ position }) => position >= first.position && position <= last.position,
      )
      t.is(list.countBetween(first.position, last.position), between.length)
    }),
    { numRuns: 50 },
  )
})

test('another who stands in the same place is not the same contact', (t) => {
  const [before] = contacts as [Contact]
  const again = { ...before }
  const list = new ContactList()
  list.add(before)
  t.false(list.has(again))
  list.delete(again)
  t.is(list.at(again.position), before)
})
