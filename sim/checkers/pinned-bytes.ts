import { type Checker, nameOf } from '../watch/checker.ts'

/** No node ever holds more pinned bytes than the share of its RAM that is set aside for them. */
export function pinnedBytes(capacityBytes: number): Checker {
  const told = new Set<string>()
  let say: (what: string) => void
  return {
    name: 'pinned-bytes',
    begin: (_, report) => void (say = report),
    busy: (who, { pinnedBytes: bytes }) => {
      if (bytes <= capacityBytes || told.has(nameOf(who))) return
      told.add(nameOf(who))
      say(`${nameOf(who)} has pinned ${bytes} bytes, and may pin ${capacityBytes}`)
    },
  }
}
