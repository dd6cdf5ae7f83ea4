import { type Checker, nameOf } from '../watch/checker.ts'

type Capacity = {
  /** RAM that a node was given. */
  readonly ramBytes: number
  /** The share of it that is set aside for pins. */
  readonly pinnedBytes: number
}

/** No shard ever holds more bytes than its node was given, nor more pinned ones than their share. */
export function shardBytes(capacity: Capacity): Checker {
  const told = new Set<string>()
  let say: (what: string) => void
  return {
    name: 'shard-bytes',
    begin: (_, report) => void (say = report),
    busy: (who, load) => {
      for (const what of ['ramBytes', 'pinnedBytes'] as const) {
        const name = `${nameOf(who)} ${what}`
        if (load[what] <= capacity[what] || told.has(name)) continue
        told.add(name)
        say(`${nameOf(who)} has ${load[what]} ${what}, and may have ${capacity[what]}`)
      }
    },
  }
}
