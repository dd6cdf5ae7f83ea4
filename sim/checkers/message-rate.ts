import type { World } from '../world.ts'
import type { Checker } from '../watch/checker.ts'

const WINDOW_MS = 1_000

/** No node sends more than so many messages in one second: an answer to a fault is not a flood. */
export function messageRate(perSecond: number): Checker & { readonly most: () => number } {
  /** Of each node, when its second began and what it has sent since. */
  const windows = new Map<number, { fromMs: number; count: number }>()
  const told = new Set<number>()
  let most = 0
  let world: World
  let say: (what: string) => void
  return {
    name: 'message-rate',
    most: () => most,
    begin: (begun, report) => void ([world, say] = [begun, report]),
    sent: ({ index }) => {
      const now = world.clock.elapsedMs
      const known = windows.get(index)
      const isOver = known === undefined || now - known.fromMs > WINDOW_MS
      const window = isOver ? { fromMs: now, count: 0 } : known
      window.count += 1
      most = Math.max(most, window.count)
      windows.set(index, window)
      if (window.count <= perSecond || told.has(index)) return
      told.add(index)
      say(`node ${index} has sent more than ${perSecond} messages within a second`)
    },
  }
}
