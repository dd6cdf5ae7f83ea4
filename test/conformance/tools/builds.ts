// Suites that have to be compiled are built beside the project: copied out of the checkout that the
// user named into a cache of our own, once for each state of it. The checkout stays as it was, and
// nothing of it ever lies in this repository.
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { noFile } from '../../reasons.ts'
import { succeed } from './checks.ts'
import type { CheckoutName, Settings } from '../suite.ts'

export type Recipe = {
  readonly name: CheckoutName
  readonly address: string
  /** Commands in the copy, in order. */
  readonly steps: readonly (readonly string[])[]
  /** Programs that are there afterwards. */
  readonly programs: readonly string[]
}

const BUILD_MS = 600_000

/** How to get it, where it was not given. */
export function noCheckout({ name, address }: Recipe, { checkouts }: Settings): string | undefined {
  const given = checkouts[name]
  if (given !== undefined) return noFile(given)
  return `not given: git clone ${address}, then --${name} DIR`
}

/** The folder with the programs. @throws PotluckError EIO with the end of what the compiler said */
export async function build(recipe: Recipe, settings: Settings): Promise<string> {
  const checkout = settings.checkouts[recipe.name] ?? ''
  const { signal, cache } = settings
  const folder = path.join(cache, `${recipe.name}-${await stateOf(checkout, signal)}`)
  if (recipe.programs.every((name) => noFile(path.join(folder, name)) === undefined)) return folder
  const building = `${folder}.${process.pid}`
  await rm(folder, { recursive: true, force: true })
  await rm(building, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })
  await cp(checkout, building, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => path.basename(from) !== '.git',
  })
  for (const step of recipe.steps) await succeed(step, { cwd: building, limitMs: BUILD_MS, signal })
  await rename(building, folder)
  return folder
}

/** What git calls the state of a checkout, such as 85a8aea; a hash of its files where it is none. */
export async function stateOf(checkout: string, signal: AbortSignal): Promise<string> {
  try {
    const options = { cwd: checkout, signal }
    return (await succeed(['git', 'rev-parse', '--short=10', 'HEAD'], options)).trim()
  } catch {
    signal.throwIfAborted()
    return await hashOf(checkout)
  }
}

/** By names, sizes and times. */
async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(folder, { recursive: true })).toSorted()) {
    const { size, mtimeMs } = await stat(path.join(folder, name))
    hash.update(`${name}\0${size}\0${mtimeMs}\0`)
  }
  return hash.digest('hex').slice(0, 10)
}
