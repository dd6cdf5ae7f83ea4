import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { notLinuxX64 } from '../../../../reasons.ts'
import { testUnless } from '../../../../skip.ts'

const HERE = new URL(
  '../../../../../peers/commands/sim/process/heap-in-one-piece.ts',
  import.meta.url,
)

/** Fills a heap, and says how many pieces of just one of V8's pages there are. */
const PROGRAM = `
  import { readFileSync } from 'node:fs'
  const [, where] = process.argv
  if (where !== undefined) await (await import(where)).keepHeapInOnePiece()
  const kept = Array.from({ length: 500_000 }, (_, i) => ({ i, text: 'x' + i }))
  const ranges = readFileSync('/proc/self/maps', 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw-p/gm)
  const pages = [...ranges].filter(([, from, to]) => parseInt(to, 16) - parseInt(from, 16) === 262_144)
  console.log(kept.length > 0 && pages.length)
`

async function scatteredPages(...args: string[]): Promise<number> {
  const options = ['--input-type=module', '-e', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, [...options, ...args])
  return Number(stdout)
}

testUnless(notLinuxX64())('what the heap grows by lies beside what it has', async (t) => {
  const [usual, together] = await Promise.all([scatteredPages(), scatteredPages(HERE.href)])
  t.true(usual > 100, `V8 does not scatter its pages any more (${usual}): this room is of no use`)
  t.true(together < usual / 4, `${together} pages by themselves, and ${usual} without`)
})
