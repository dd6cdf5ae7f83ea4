// Whether every reader found what is on the source.
import { sentenceOf } from './reading.ts'
import type { Finished } from './readers.ts'

export type Difference = {
  /** Counted from 1. */
  readonly reader: number
  readonly path: string
  readonly problem: string
}

export type Comparison = {
  readonly differences: readonly Difference[]
  /** Paths that somebody changed on the source while it was read: nothing can be said of them. */
  readonly changed: readonly string[]
}

/** @param source what was read directly, before the readers began */
export async function compareReadings(
  root: string,
  source: Finished,
  readers: readonly Finished[],
): Promise<Comparison> {
  const expected = new Map(source.sentences)
  const found = readers.flatMap((reader, index) => differencesOf(expected, reader, index + 1))
  const changed: string[] = []
  for (const path of new Set(found.map((each) => each.path))) {
    if ((await sentenceOf(root, path)) !== expected.get(path)) changed.push(path)
  }
  return { differences: found.filter((each) => !changed.includes(each.path)), changed }
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
