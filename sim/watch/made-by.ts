// Which states and bindings a change of a program has made. The storage knows no programs; but what was
// asked for shows in what became of it.
import type { Inode, Path } from '../../src/ports/messages.ts'
import type { ProgramChange } from './checker.ts'
import type { History } from './history.ts'

/** What must have been so, at one moment of a change. */
export type Expected = {
  /** The file whose contents were changed, and how they look right after. */
  readonly contents?: { readonly inode: Inode; readonly isIt: (bytes: Buffer) => boolean }
  /** Where names lead; undefined for nowhere. */
  readonly names?: readonly { readonly path: Path; readonly inode: Inode | undefined }[]
}

/** Of several that look alike the first, which asks the least of those who read. */
export function madeBy(
  history: History,
  { contents, names = [] }: Expected,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Pick<ProgramChange, 'state' | 'names'> {
  const isThen = ({ fromMs }: { readonly fromMs: number }) => fromMs >= startMs && fromMs <= endMs
  const states = contents === undefined ? [] : history.statesOf(Number(contents.inode))
  const state = states.find((one) => isThen(one) && contents?.isIt(history.bytesOf(one)) === true)
  const made = names.flatMap(({ path, inode }) => {
    const number = inode === undefined ? undefined : Number(inode)
    const index = history.bindingsOf(path).findIndex((one) => isThen(one) && one.inode === number)
    return index < 0 ? [] : [{ path, index }]
  })
  return { state, names: made }
}
