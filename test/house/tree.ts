// The house as its rules see it: files, their lines, and what each imports. Found with a regular
// expression, not a parser: the formatter gives every import one shape, and a rule that takes
// milliseconds is a rule that is run.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export const PROJECT = join(import.meta.dirname, '../..')
export const HOUSES = ['src', 'peers', 'fuse', 'sim', 'test'] as const

export type Import = {
  /** As written, such as './errors.ts' or 'node:assert'. */
  readonly specifier: string
  /** The file meant, from the project's folder; undefined for a package or a builtin. */
  readonly target: string | undefined
  readonly isTypeOnly: boolean
  readonly line: number
}

export type SourceFile = {
  /** From the project's folder. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const STATEMENT =
  /^(?:import|export)\s+(?<type>type\s+)?(?:[^'";]*?\sfrom\s+)?'(?<specifier>[^']+)'|(?:import|require|resolve|URL)\(\s*'(?<dynamic>[^']+)'/gm

export function readHouse(): SourceFile[] {
  return HOUSES.flatMap((house) =>
    readdirSync(join(PROJECT, house), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(house, name))
      .toSorted()
      .map((path) => parseFile(path, readFileSync(join(PROJECT, path), 'utf8'))),
  )
}

export function parseFile(path: string, text: string): SourceFile {
  const imports = [...text.matchAll(STATEMENT)].map((match) => {
    const { type, specifier, dynamic } = match.groups ?? {}
    const name = specifier ?? dynamic ?? ''
    return {
      specifier: name,
      target: name.startsWith('.') ? normalize(join(dirname(path), name)) : undefined,
      isTypeOnly: type !== undefined,
      line: text.slice(0, match.index).split('\n').length,
    }
  })
  return { path, text, imports }
}

/** 'src' of 'src/base/heap.ts'. */
export function houseOf(path: string): string {
  return path.split('/')[0] ?? ''
}

/** 'base' of 'src/base/heap.ts'; '' for a file that lies in the house itself. */
export function roomOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 2 ? (parts[1] ?? '') : ''
}
