// `potluck sim parameters`: every name that --set takes.
import { DEFAULT_PARAMETERS, PARAMETER_GROUPS } from '../../../sim/parameters/parameters.ts'
import { listParameters } from '../../../sim/parameters/settings.ts'
import { renderTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'

export function showParameters(terminal: Terminal): void {
  const rows = listParameters(DEFAULT_PARAMETERS)
  for (const [group, about] of Object.entries(PARAMETER_GROUPS)) {
    const inside = rows.filter(({ name }) => name.startsWith(`${group}.`))
    const table = renderTable(
      ['--set', 'default'],
      inside.map(({ name, value }) => [name, value]),
    )
    terminal.out(`${group}: ${about}\n${table}\n`)
  }
}
