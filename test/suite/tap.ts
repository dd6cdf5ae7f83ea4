// Reads AVA's TAP, which is the one of its outputs that is made to be read by a program, line by
// line as it comes.

export type TapResult = {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly title: string
  /** What AVA says of a failure, a line each. */
  readonly details: readonly string[]
}

/**
 * Makes a reader of lines that calls back for each result, when it is complete. `end` hands over the
 * last one.
 */
export function readTap(onResult: (result: TapResult) => void): {
  line(line: string): void
  end(): void
} {
  let current: (TapResult & { details: string[] }) | undefined
  const end = (): void => {
    if (current !== undefined) onResult(current)
    current = undefined
  }
  const line = (text: string): void => {
    const result = parseResult(text)
    if (result !== undefined) {
      end()
      current = { ...result, details: [] }
    } else if (/^(1\.\.|# (tests|pass|fail|skip|todo) \d)/.test(text)) {
      end()
    } else if (current !== undefined && text.startsWith('  ')) {
      current.details.push(text)
    }
  }
  return { line, end }
}

/** A test that is only planned (`todo`) counts as failed: it says that something is missing. */
function parseResult(line: string): Omit<TapResult, 'details'> | undefined {
  const match = /^(?<not>not )?ok \d+ - (?<title>.*?)(?<directive> # (?:SKIP|TODO))?$/.exec(line)
  if (match === null) return undefined
  const { not, title = '', directive = '' } = match.groups ?? {}
  if (directive.endsWith('SKIP')) return { outcome: 'skipped', title }
  return { outcome: not === undefined ? 'passed' : 'failed', title }
}
