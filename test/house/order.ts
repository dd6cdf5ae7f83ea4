// Rules about the whole tree: nothing dead, rooms that fit on a screen, names, and the words at the
// door of each room. What can be said of one file alone, the linter says.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HOUSES, houseOf, PROJECT, type SourceFile } from './tree.ts'

const FILES_A_ROOM = 12
/** Comments aim at 100 like the code; a word that sticks out a little is not worth a reflow. */
const LINE_WIDTH = 110

/** Rooms that may be larger, each with its reason. */
const LARGE_ROOMS: Readonly<Record<string, string>> = {}

/** Words that say nothing, and those that DESIGN section 1 has another one for. */
const EMPTY_NAMES =
  /(^|-)(utils?|helpers?|managers?|data|infos?|items?|misc|common|backend|origin|upstream)(-|\.)/

/** Files that nothing imports and that are not started by a script of package.json either. */
export function checkUnused(files: readonly SourceFile[]): string[] {
  const roots = JSON.stringify(readScripts())
  const imported = new Set<string>()
  for (const file of files) {
    if (isTest(file.path)) continue
    for (const { target } of file.imports) if (target !== undefined) imported.add(target)
  }
  return files
    .filter(({ path }) => houseOf(path) !== 'test')
    .filter(({ path }) => !imported.has(path) && !roots.includes(path))
    .map(({ path }) => `${path}:1: nothing but tests imports it; use it or delete it`)
}

function readScripts(): unknown {
  const { scripts, ava } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
    ava: unknown
  }
  return [
    scripts,
    ava,
    readFileSync(join(PROJECT, 'peers/potluck'), 'utf8').replace(/\$here/g, 'peers'),
  ]
}

function isTest(path: string): boolean {
  return houseOf(path) === 'test'
}

/** What is too much to see at once is two things: split the room. */
export function checkRoomSizes(files: readonly SourceFile[]): string[] {
  return [...roomsOf(files)]
    .filter(([room, { length }]) => length > FILES_A_ROOM && !(room in LARGE_ROOMS))
    .map(([room, { length }]) => `${room}: ${length} files; split the room at ${FILES_A_ROOM}`)
}

/** One file of each room opens with what the room is for, why so, and what it must never do. */
export function checkRoomComments(files: readonly SourceFile[]): string[] {
  const production = files.filter(({ path }) => !isTest(path))
  return [...roomsOf(production)]
    .filter(([, inside]) => !inside.some(({ text }) => /^(\/\/.*\n){3}/.test(text)))
    .map(([room]) => `${room}: no file opens with 3 lines or more on what the room is for`)
}

export function checkNames(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => EMPTY_NAMES.test(path.slice(path.lastIndexOf('/') + 1)))
    .map(({ path }) => `${path}:1: the name says nothing; name the file after what it does`)
}

/** The formatter sees to code; this to comments and strings. A line with an address may be longer. */
export function checkLineWidths(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      if (line.length <= LINE_WIDTH || line.includes('://') || isTest(path)) return []
      return [`${path}:${index + 1}: ${line.length} characters; break the line at 100`]
    }),
  )
}

/** Test files lie where what they test lies: test/fuse/x.test.ts for fuse/x.ts. */
export function checkMirror(files: readonly SourceFile[]): string[] {
  const folders = new Set(files.map(({ path }) => dirname(path)))
  return files
    .filter(({ path }) => path.endsWith('.test.ts'))
    .filter(({ path }) => HOUSES.some((house) => path.startsWith(`test/${house}/`)))
    .filter(({ path }) => !folders.has(dirname(path).slice('test/'.length)))
    .map(({ path }) => `${path}:1: tests no room; put it where what it tests lies`)
}

function roomsOf(files: readonly SourceFile[]): Map<string, SourceFile[]> {
  return Map.groupBy(files, ({ path }) => dirname(path))
}
