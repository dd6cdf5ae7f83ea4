import test from 'ava'
import { Starts } from '../../../src/heat/starts.ts'
import type { Program } from '../../../src/ports/programs.ts'
import { VirtualClock } from '../../../sim/engine/virtual-clock.ts'

function startsOf(processes: readonly (readonly [pid: number, parent: number, ageMs: number])[]) {
  const clock = new VirtualClock()
  const asked = { times: 0 }
  const programs = {
    of: (pid: number): Program | undefined => {
      asked.times += 1
      const found = processes.find((each) => each[0] === pid)
      if (found === undefined) return undefined
      const [process, parent, ageMs] = found
      return { process, parent, ageMs, command: `c${pid}` }
    },
  }
  return { clock, asked, starts: new Starts({ clock, programs }) }
}

test('a young process and its descendants are one start', (t) => {
  const { starts, asked } = startsOf([
    [10, 1, 99_000],
    [20, 10, 100],
    [30, 20, 0],
    [31, 20, 0],
  ])
  const start = starts.of(20)
  t.is(start?.process, 20)
  t.is(starts.of(30), start)
  t.is(starts.of(31), start)
  const { times } = asked
  for (let i = 0; i < 100; i++) starts.of(31)
  t.is(asked.times, times, 'who is known is not looked at again')
})

test('two processes side by side are two starts, and an old one is none', (t) => {
  const { starts } = startsOf([
    [10, 1, 99_000],
    [20, 10, 0],
    [21, 10, 0],
  ])
  t.is(starts.of(10), undefined)
  t.not(starts.of(20), starts.of(21))
  t.is(starts.size, 2)
})

test('a pid that was nobody is looked at again, and one whose start is over, too', async (t) => {
  const processes: [number, number, number][] = [[20, 1, 99_000]]
  const { starts, clock } = startsOf(processes)
  t.is(starts.of(20), undefined)
  processes[0] = [20, 1, 0]
  t.is(starts.of(20), undefined, 'not at once')
  await clock.run(5_001)
  const start = starts.of(20)
  t.truthy(start)
  if (start !== undefined) starts.end(start)
  t.not(starts.of(20), start)
})

test('who can not be told apart shares one start', (t) => {
  const clock = new VirtualClock()
  const starts = new Starts({ clock, programs: undefined })
  t.is(starts.of(5), starts.of(undefined))
  t.is(starts.of(0)?.process, 0)
})

test('a person may say that an old process starts now', (t) => {
  const { starts } = startsOf([
    [10, 1, 99_000],
    [20, 10, 99_000],
  ])
  t.is(starts.of(20), undefined)
  const start = starts.begin('name', { pid: 10, command: 'a-command-with-a-long-name' })
  if (start !== undefined) starts.refreshCommand(start)
  t.is(start?.command, 'a-command-with-', 'not that of process 10, which waits for it')
  t.is(starts.of(20), start)
  t.is(starts.named('name'), start)
})
