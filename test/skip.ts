// The one way to skip tests. A skipped test says why, in its title and so in the list that the test
// command prints; a test that silently does nothing would count as passed.
import test, { type ExecutionContext } from 'ava'
import type { Reason } from './reasons.ts'

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
