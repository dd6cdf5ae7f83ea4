import test, { type ExecutionContext } from 'ava'
import { checkHouses, checkRooms } from './directions.ts'
import {
  checkLineWidths,
  checkMirror,
  checkNames,
  checkRoomComments,
  checkRoomSizes,
  checkUnused,
} from './order.ts'
import { parseFile, readHouse } from './tree.ts'

const files = readHouse()

function holds(t: ExecutionContext, problems: readonly string[]): void {
  t.true(problems.length === 0, problems.join('\n'))
}

test('peers, fuse and sim import src and never one another', (t) => holds(t, checkHouses(files)))
test('inside src imports go downwards only', (t) => holds(t, checkRooms(files)))
test('no file is dead', (t) => holds(t, checkUnused(files)))
test('no room has more files than fit on a screen', (t) => holds(t, checkRoomSizes(files)))
test('every room says what it is for', (t) => holds(t, checkRoomComments(files)))
test('file names say something', (t) => holds(t, checkNames(files)))
test('no line sticks out', (t) => holds(t, checkLineWidths(files)))
test('tests mirror what they test', (t) => holds(t, checkMirror(files)))

test('the rules find what they are for', (t) => {
  const found = (path: string, text: string): string[] => {
    const file = parseFile(path, text)
    return [...checkHouses([file]), ...checkRooms([file])]
  }
  t.regex(found('fuse/a.ts', "import { b } from '../peers/b.ts'")[0] ?? '', /^fuse\/a\.ts:1: /)
  t.regex(
    found('src/shard/a.ts', "\nimport {\n  b,\n} from '../node/b.ts'")[0] ?? '',
    /ts:2: shard/,
  )
  t.is(found('src/shard/a.ts', "import { readFile } from 'node:fs'").length, 1)
  t.is(found('src/shard/a.ts', "const b = await import('../../fuse/b.ts')").length, 2)
  t.is(found('peers/api/a.ts', "export * from '../../fuse/b.ts'").length, 1)
  t.deepEqual(found('peers/composition/a.ts', "import { b } from '../../fuse/b.ts'"), [])
  t.deepEqual(found('src/node/a.ts', "import type { b } from '../base/b.ts'"), [])
  t.is(checkUnused([parseFile('src/base/alone.ts', '')]).length, 1)
  t.is(checkNames([parseFile('src/base/string-utils.ts', '')]).length, 1)
  t.is(checkLineWidths([parseFile('src/a.ts', `// ${'x'.repeat(108)}`)]).length, 1)
})
