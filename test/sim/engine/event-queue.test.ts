import test from 'ava'
import fc from 'fast-check'
import { type Event, EventQueue } from '../../../sim/engine/event-queue.ts'

type Named = Event & { readonly name: number }

/** Times, each with whether it is cancelled before anything is taken out. */
const plans = fc.array(fc.record({ at: fc.nat(50), isCancelled: fc.boolean() }), {
  maxLength: 3_000,
})

function drain(queue: EventQueue): number[] {
  const names: number[] = []
  for (let next = queue.peek(); next !== undefined; next = queue.peek()) {
    names.push((next as Named).name)
    queue.pop()
  }
  return names
}

function fill(queue: EventQueue, plan: readonly { at: number }[]): Named[] {
  return plan.map(({ at }, name) => {
    const event: Named = { name, callback: () => {} }
    queue.push(at, name, event)
    return event
  })
}

test('events come out by time, and of one time in the order in which they came in', (t) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const queue = new EventQueue()
      fill(queue, plan)
      const expected = plan
        .map(({ at }, name) => ({ at, name }))
        .toSorted((a, b) => a.at - b.at || a.name - b.name)
      t.deepEqual(
        drain(queue),
        expected.map(({ name }) => name),
      )
    }),
    { numRuns: 50 },
  )
})

test('tidying lets go of what was cancelled, and of nothing else', (t) => {
  fc.assert(
    fc.property(plans, (plan) => {
      const [untidied, tidied] = [new EventQueue(), new EventQueue()]
      fill(untidied, plan)
      const events = fill(tidied, plan)
      for (const [name, event] of events.entries()) {
        if (plan[name]?.isCancelled === true) event.callback = undefined
      }
      tidied.tidy()
      t.is(tidied.size, plan.filter(({ isCancelled }) => !isCancelled).length)
      const expected = drain(untidied).filter((name) => plan[name]?.isCancelled === false)
      t.deepEqual(drain(tidied), expected)
    }),
    { numRuns: 50 },
  )
})

test('an empty queue is due never', (t) => {
  t.is(new EventQueue().nextAt, Infinity)
})
