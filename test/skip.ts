// The one way to skip tests. A skipped test says why, in its title and so in the list that the test
// command prints; a test that silently does nothing would count as passed.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'

/** Why something can't be tested here; undefined when it can. */
export type Reason = string | undefined

type Implementation = (t: ExecutionContext) => void | Promise<void>
type Declare = (title: string, implementation: Implementation) => void

/** AVA's `test` as far as tests with a condition need it; `serial` runs them one after another. */
export type ConditionalTest = Declare & { readonly serial: Declare }

/**
 * AVA's `test`, or, given reasons why these tests can't run here, one that skips with them:
 * `const fuseTest = testUnless(noFuse(), noProgram('strace'))`.
 */
export function testUnless(...reasons: readonly Reason[]): ConditionalTest {
  const given = reasons.filter((reason) => reason !== undefined)
  if (given.length === 0) {
    const run: Declare = (title, implementation) => test(title, implementation)
    return Object.assign(run, { serial: ((...it) => test.serial(...it)) satisfies Declare })
  }
  const skip: Declare = (title, implementation) =>
    test.skip(`${title} [skipped: ${given.join('; ')}]`, implementation)
  return Object.assign(skip, { serial: skip })
}

export function notRoot(): Reason {
  return process.getuid?.() === 0 ? undefined : 'needs root'
}

/** Being allowed to open it is what decides: the node is there in containers that may not use it. */
export function noFuse(): Reason {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return `/dev/fuse: ${(error as NodeJS.ErrnoException).code}`
  }
}

export function noFile(path: string): Reason {
  try {
    accessSync(path)
    return undefined
  } catch {
    return `${path} is not here`
  }
}

export function noProgram(name: string): Reason {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const isThere = folders.some((folder) => noFile(join(folder, name)) === undefined)
  return isThere ? undefined : `${name} is not installed`
}
