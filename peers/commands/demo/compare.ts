// Whether every reader found what is on the source.
import type { Finished } from './readers.ts'

export type Difference = {
  readonly reader: number
  readonly path: string
  readonly problem: string
}

/** At most this many are told; one is enough to fail. */
const MOST_TOLD = 10

export function compareReadings(
  source: Finished,
  readers: readonly Finished[],
): { readonly count: number; readonly told: readonly Difference[] } {
  const expected = new Map(source.sentences)
  const differences = readers.flatMap((reader, index) => differencesOf(expected, reader, index + 1))
  return { count: differences.length, told: differences.slice(0, MOST_TOLD) }
}

function differencesOf(
  expected: ReadonlyMap<string, string>,
  reader: Finished,
  number: number,
): readonly Difference[] {
  const found = new Map(reader.sentences)
  const differences: Difference[] = []
  for (const [path, sentence] of expected) {
    const other = found.get(path)
    if (other === sentence) continue
    const problem =
      other === undefined ? 'is missing' : `is "${other}", on the source "${sentence}"`
    differences.push({ reader: number, path, problem })
  }
  for (const path of found.keys()) {
    if (!expected.has(path))
      differences.push({ reader: number, path, problem: 'is not on the source' })
  }
  return differences
}
