// What every Random promises. `make` gives one anew; with the same seed, one that draws the same.
import test from 'ava'
import type { Random } from '../../src/ports/random.ts'

const DRAWS = 20_000

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.next())
}

export function testRandom(name: string, make: (seed: string) => Random): void {
  test(`${name}: numbers are uniform in [0, 1)`, (t) => {
    const numbers = draw(make('uniform'), DRAWS)
    t.true(numbers.every((number) => number >= 0 && number < 1))
    const tenths = Map.groupBy(numbers, (number) => Math.floor(number * 10))
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = (tenths.get(tenth)?.length ?? 0) / DRAWS
      // Six standard deviations: once in a billion runs by chance, and the seed is fixed anyway.
      t.true(Math.abs(share - 0.1) < 6 * Math.sqrt(0.09 / DRAWS), `${tenth}: ${share}`)
    }
  })

  test(`${name}: the same seed gives the same numbers, another one others`, (t) => {
    t.deepEqual(draw(make('one'), 100), draw(make('one'), 100))
    t.notDeepEqual(draw(make('one'), 100), draw(make('two'), 100))
  })

  test(`${name}: a fork of the same name is the same stream, whatever was drawn before`, (t) => {
    const parent = make('parent')
    const before = draw(parent.fork('a'), 50)
    draw(parent, 17)
    draw(parent.fork('b'), 3)
    t.deepEqual(draw(parent.fork('a'), 50), before)
  })

  test(`${name}: forks are independent of their parent and of each other`, (t) => {
    const parent = make('independent')
    const streams = [parent, parent.fork('a'), parent.fork('b'), parent.fork('a').fork('b')]
    const numbers = streams.flatMap((stream) => draw(stream, 100))
    t.is(new Set(numbers).size, numbers.length)
    const undisturbed = make('independent')
    undisturbed.fork('a').next()
    t.deepEqual(draw(undisturbed, 10), numbers.slice(0, 10))
  })
}
