// All ways by which a run's nodes may get at the tree, by name: the mesh, and what it is compared with.
import { BASELINES } from './baselines/ways.ts'
import { mesh, type Way } from './program/way.ts'

export const WAYS: readonly Way[] = [mesh, ...BASELINES]

/** As people call them, too. */
const ALSO: Readonly<Record<string, string>> = { home: 'home-only', potluck: 'mesh' }

/** @throws RangeError that says which ways there are */
export function wayNamed(name: string): Way {
  const way = WAYS.find((each) => each.name === (ALSO[name] ?? name))
  if (way !== undefined) return way
  throw new RangeError(`'${name}' is no way; there are ${WAYS.map((each) => each.name).join(', ')}`)
}
