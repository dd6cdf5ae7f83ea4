// The Test Anything Protocol, as far as shell scripts print it.
import type { Failure, Skip } from '../suite.ts'

export type Tap = {
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
}

const PLAN = /^1\.\.(?<count>\d+)(?:\s*#\s*skip\S*\s*(?<reason>.*))?/im
const LINE =
  /^(?<not>not )?ok\b[ ]?(?<number>\d*)[ -]*(?<what>[^#\n]*)(?:#\s*(?<mark>\w+)\s*(?<reason>.*))?$/gim

/**
 * Reads what one test file printed. Tests of the plan that were never reported have failed, and so
 * has a file without a plan: it did not get that far.
 */
export function readTap(file: string, output: string): Tap {
  const plan = PLAN.exec(output)
  if (plan === null) return failedWhole(file, `no plan: ${output.trim().slice(-300)}`)
  const { count, reason } = plan.groups ?? {}
  if (Number(count) === 0) return skippedWhole(reason ?? 'the file plans no test')
  const failures: Failure[] = []
  const skips: Skip[] = []
  let passed = 0
  let seen = 0
  for (const { groups = {} } of output.matchAll(LINE)) {
    seen += 1
    const mark = groups['mark']?.toLowerCase() ?? ''
    const what = `${file} ${groups['number'] || seen}`
    if (mark.startsWith('skip')) skips.push({ count: 1, reason: groups['reason'] ?? '' })
    // Known to fail, says the suite itself.
    else if (mark === 'todo' && groups['not'])
      skips.push({ count: 1, reason: 'fails, as the suite itself says it will (TODO)' })
    else if (groups['not']) failures.push({ what, why: groups['what']?.trim() ?? '' })
    else passed += 1
  }
  for (; seen < Number(count); seen++) {
    failures.push({ what: `${file} ${seen + 1}`, why: 'planned but never reported' })
  }
  return { passed, failures, skips }
}

function failedWhole(what: string, why: string): Tap {
  return { passed: 0, failures: [{ what, why }], skips: [] }
}

function skippedWhole(reason: string): Tap {
  return { passed: 0, failures: [], skips: [{ count: 1, reason }] }
}
