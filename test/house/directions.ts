// Who may import whom. Each rule takes the files and gives its problems as `file:line: what, and
// what to do instead`.
import { HOUSES, houseOf, type Import, roomOf, type SourceFile } from './tree.ts'

/** The rooms of `src`, from the top down: each may import those behind it. */
const ROOMS = [
  'node',
  'volume',
  'objects',
  'file',
  'tree',
  'heat',
  'lock',
  'fetch',
  'serve',
  'authority',
  'register',
  'log',
  'rumor',
  'placement',
  'shard',
  'block',
  'wire',
  'ports',
  'base',
] as const

/** What of Node is arithmetic and not I/O (the linter says which of its exports). */
const PURE_BUILTINS = new Set([
  'node:assert',
  'node:assert/strict',
  'node:buffer',
  'node:crypto',
  'node:zlib',
])

/** Types without a domain word in them, which even `base` may speak of. */
const WORDLESS = new Set(['src/ports/clock.ts', 'src/ports/random.ts'])

const COMPOSITION_ROOT = /^peers\/(potluck\.ts$|composition\/|commands\/)/

/** peers, fuse and sim import src and never one another; src nothing but itself. */
export function checkHouses(files: readonly SourceFile[]): string[] {
  return problemsOf(files, (file, { target, specifier }) => {
    const from = houseOf(file.path)
    if (from === 'test') return undefined
    if (target === undefined) {
      if (from !== 'src' || PURE_BUILTINS.has(specifier)) return undefined
      return `src may not import ${specifier}; make it a port (src/ports) with its real side in peers`
    }
    const to = houseOf(target)
    if (to === from || to === 'src' || !HOUSES.some((house) => house === to)) return undefined
    if (COMPOSITION_ROOT.test(file.path) && (to === 'fuse' || to === 'sim')) return undefined
    if (to === 'test') return `${from} may not import test; move what both need out of test`
    return `${from} may not import ${to}; put the interface into src, and both together in peers/composition`
  })
}

/** Inside src, arrows go downwards only. */
export function checkRooms(files: readonly SourceFile[]): string[] {
  return problemsOf(files, (file, { target, isTypeOnly }) => {
    if (houseOf(file.path) !== 'src' || target === undefined) return undefined
    const [from, to] = [roomOf(file.path), roomOf(target)]
    if (from === to || (isTypeOnly && WORDLESS.has(target))) return undefined
    const [above, below] = [rankOf(from), rankOf(to)]
    if (above === -1) return `${from || file.path} is no room of src; see ROOMS in test/house`
    if (above < below) return undefined
    return `${from} lies below ${to}; move what it needs down, or hand it over as an argument`
  })
}

function rankOf(room: string): number {
  return ROOMS.findIndex((name) => name === room)
}

function problemsOf(
  files: readonly SourceFile[],
  rule: (file: SourceFile, it: Import) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((it) => {
      const problem = rule(file, it)
      return problem === undefined ? [] : [`${file.path}:${it.line}: ${problem}`]
    }),
  )
}
