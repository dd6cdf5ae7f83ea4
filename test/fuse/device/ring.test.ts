import test from 'ava'
import { allocateRing, READ_BYTES, RingConsumer, RingProducer } from '../../../fuse/device/ring.ts'

function ends() {
  const memory = allocateRing()
  return { producer: new RingProducer(memory), consumer: new RingConsumer(memory) }
}

function put(producer: RingProducer, length: number, value: number): boolean {
  const at = producer.room()
  if (at === undefined) throw new Error('no room')
  producer.bytes.fill(value, at, at + length)
  return producer.publish(length)
}

function take(consumer: RingConsumer, limit = 10_000): { lengths: number[]; isEmpty: boolean } {
  const lengths: number[] = []
  const isEmpty = consumer.drain(limit, (start, length) => {
    const value = consumer.bytes[start]
    const isWhole = consumer.bytes.subarray(start, start + length).every((byte) => byte === value)
    lengths.push(isWhole ? length : -1)
  })
  return { lengths, isEmpty }
}

test('Messages arrive whole and in order, and main is woken for the first of them only', (t) => {
  const { producer, consumer } = ends()
  t.true(put(producer, 47, 1))
  t.false(put(producer, 80, 2))
  t.false(put(producer, 1, 3))
  t.deepEqual(take(consumer), { lengths: [47, 80, 1], isEmpty: true })
  t.true(put(producer, 5, 4), 'it sleeps again')
})

test('Main may stop in between, and is then not asleep', (t) => {
  const { producer, consumer } = ends()
  for (let index = 0; index < 5; index++) put(producer, 100 + index, index)
  t.deepEqual(take(consumer, 2), { lengths: [100, 101], isEmpty: false })
  t.false(put(producer, 105, 5))
  t.deepEqual(take(consumer).lengths, [102, 103, 104, 105])
})

test('Large messages go round and round', (t) => {
  const { producer, consumer } = ends()
  for (let round = 0; round < 20; round++) {
    put(producer, READ_BYTES, 7)
    put(producer, 40 + round, 8)
    t.deepEqual(take(consumer).lengths, [READ_BYTES, 40 + round])
  }
})

test('With messages left in it the ring wraps and overwrites none', (t) => {
  const { producer, consumer } = ends()
  const expected: number[] = []
  const got: number[] = []
  for (let round = 0; round < 3000; round++) {
    const length = round % 50 === 0 ? 900_000 : 40 + (round % 200)
    put(producer, length, round % 251)
    expected.push(length)
    if (round % 3 === 2) got.push(...take(consumer, 3).lengths)
  }
  got.push(...take(consumer).lengths)
  t.deepEqual(got, expected)
})

test('Once stopped there is no more room', (t) => {
  const { producer, consumer } = ends()
  consumer.stop()
  t.true(producer.isStopped)
  t.is(producer.room(), undefined)
})
