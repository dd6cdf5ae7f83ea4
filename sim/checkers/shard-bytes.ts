import { type Checker, nameOf } from '../watch/checker.ts'

/** No shard ever holds more bytes than its node was given. */
export function shardBytes(capacityBytes: number): Checker {
  const told = new Set<string>()
  let say: (what: string) => void
  return {
    name: 'shard-bytes',
    begin: (_, report) => void (say = report),
    busy: (who, { ramBytes }) => {
      if (ramBytes <= capacityBytes || told.has(nameOf(who))) return
      told.add(nameOf(who))
      say(`${nameOf(who)} holds ${ramBytes} bytes, and was given ${capacityBytes}`)
    },
  }
}
