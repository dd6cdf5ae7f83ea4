import { areAttributesEqual } from '../../../src/block/version.ts'
import type { Name } from '../../../src/ports/messages.ts'
import { attributesOf } from '../../storage/tree.ts'
import {
  type Checker,
  nameOf,
  type Phase,
  type ProgramList,
  type ProgramRead,
} from '../../watch/checker.ts'
import type { History } from '../../watch/history.ts'
import type { World } from '../../world.ts'

/** Once the faults are over and nobody writes, every node has every name and byte as the source has. */
export function agreement(history: History): Checker {
  let phase: Phase = 'faults'
  let world: World
  let say: (what: string) => void
  const judgeRead = (read: ProgramRead): void => {
    const there = world.tree.at(read.path)
    const who = nameOf(read)
    if (read.outcome === 'absent' && there !== undefined) say(`${who} has no ${read.path}`)
    if (read.outcome !== 'read') return
    if (there === undefined) return say(`${who} has ${read.path}, which is gone`)
    const state = history.statesOf(there.number).at(-1)
    const isIt = state !== undefined && history.bytesOf(state).equals(read.bytes)
    if (!isIt) say(`${who} reads ${read.bytes.length} bytes of ${read.path}, and not those it has`)
  }
  const judgeList = (list: ProgramList): void => {
    if (list.outcome === 'failed') return
    const { children } = world.tree.find(list.path)
    const names = new Set<Name>([...children.keys(), ...list.entries.keys()])
    for (const name of names) {
      const [said, there] = [list.entries.get(name), children.get(name)]
      const isSame =
        said !== undefined && there !== undefined && areAttributesEqual(said, attributesOf(there))
      if (!isSame) say(`${nameOf(list)}: ${list.path}/${name} is not what it is on the source`)
    }
  }
  return {
    name: 'agreement',
    begin: (begun, report) => void ([world, say] = [begun, report]),
    phase: (now) => void (phase = now),
    read: (read) => {
      if (phase === 'healthy') judgeRead(read)
    },
    listed: (list) => {
      if (phase === 'healthy') judgeList(list)
    },
  }
}
