// Whether the ways to a tree (two mounts, and the storage behind them) show the same: names, kinds,
// modes, owners, sizes, times to the nanosecond, hard links, extended attributes, bytes.
import { fileURLToPath } from 'node:url'
import { noProgram } from '../../reasons.ts'
import { hold, succeed } from './checks.ts'
import type { Place, Settings } from '../suite.ts'

const READER = fileURLToPath(new URL('../programs/read-tree.py', import.meta.url))
const READING_MS = 300_000
const MOST_DIFFERENCES = 8

export function noTreeReader(): string | undefined {
  return noProgram('python3')
}

/** @throws PotluckError EIO with the first differences */
export async function compareTrees(
  { directory, twin, source, scratch, settle }: Place,
  { signal }: Pick<Settings, 'signal'>,
): Promise<void> {
  await settle()
  const ours = await readTree(directory, scratch, signal)
  const others = { 'the other mount': twin, 'the source': source }
  for (const [what, other] of Object.entries(others)) {
    if (other === undefined || other === directory) continue
    const theirs = await readTree(other, scratch, signal)
    const found = differences(ours, theirs)
    hold(found.length === 0, `this mount and ${what}: ${found.join('; ')}`)
  }
}

/** Lines of fields, by path. */
export async function readTree(
  directory: string,
  cwd: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const output = await succeed(['python3', READER, directory], {
    cwd,
    limitMs: READING_MS,
    signal,
  })
  const lines = output.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), line]))
}

/** The first few, in words. */
export function differences(
  left: ReadonlyMap<string, string>,
  right: ReadonlyMap<string, string>,
): string[] {
  const paths = [...new Set([...left.keys(), ...right.keys()])].toSorted()
  return paths
    .filter((path) => left.get(path) !== right.get(path))
    .slice(0, MOST_DIFFERENCES)
    .map((path) => `${path}: ${differenceOf(left.get(path), right.get(path))}`)
}

const FIELDS = [
  'path',
  'mode',
  'owner',
  'size',
  'nlink',
  'rdev',
  'mtime',
  'file',
  'content',
  'xattrs',
]

function differenceOf(left: string | undefined, right: string | undefined): string {
  if (left === undefined) return 'only there'
  if (right === undefined) return 'only here'
  const others = right.split('\t')
  return left
    .split('\t')
    .flatMap((value, at) =>
      value === others[at] ? [] : [`${FIELDS[at]} ${value} <> ${others[at]}`],
    )
    .join(', ')
}
