import { readTree, type Tree } from '../../../peers/commands/demo/reading.ts'

/** What is at each path of a tree; as an object, for whose comparison the order does not count. */
export async function sentencesOf(tree: Tree): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  await readTree(tree, (where, sentence) => (found[where] = sentence))
  return found
}
