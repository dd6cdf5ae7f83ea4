// What a program asks of a file system, as data: the same commands run on the mesh, on a mount and on the
// model, and each has to say the same of them.
import fc from 'fast-check'
import type { Path } from '../../src/ports/messages.ts'

/** A program has so many files open at a time, by slot. */
const SLOTS = 2

export type Command = {
  readonly kind: (typeof KINDS)[number]
  /** Which of the programs does it. */
  readonly by: number
  readonly path: Path
  readonly other: Path
  readonly slot: number
  /** An offset, a size, or bits of a mode. */
  readonly number: number
  readonly text: string
}

export const KINDS = [
  'create',
  'create-exclusive',
  'create-empty',
  'mkdir',
  'symlink',
  'link',
  'unlink',
  'rmdir',
  'rename',
  'rename-no-replace',
  'rename-exchange',
  'chmod',
  'truncate',
  'append',
  'open',
  'close',
  'write-open',
  'append-open',
  'read-open',
  'truncate-open',
  'zero-open',
  'read',
  'stat',
  'list',
] as const

const name = fc.constantFrom('a', 'b', 'c')
const path: fc.Arbitrary<Path> = fc.oneof(
  { weight: 3, arbitrary: name },
  { weight: 2, arbitrary: fc.tuple(name, name).map((names) => names.join('/')) },
  { weight: 1, arbitrary: fc.tuple(name, name, name).map((names) => names.join('/')) },
)

/** Commands of so many programs. */
export function commandOf(programs: number): fc.Arbitrary<Command> {
  return fc.record({
    kind: fc.constantFrom(...KINDS),
    by: fc.nat(programs - 1),
    path,
    other: path,
    slot: fc.nat(SLOTS - 1),
    number: fc.nat(40),
    text: fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('x', 'y', 'z') }),
  })
}
