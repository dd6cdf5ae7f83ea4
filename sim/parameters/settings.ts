// `--set` and its like: parameters by name, out of text.
import type { DatasetOrder } from '../workloads/dataset.ts'
import { DEFAULT_PARAMETERS, PARAMETER_GROUPS, type Parameters } from './parameters.ts'

/** One parameter as `--set` names it, with its default. */
export type ParameterRow = { readonly name: string; readonly value: number | string }

export function listParameters(parameters: Parameters): ParameterRow[] {
  return Object.entries(parameters).flatMap(([group, values]) =>
    Object.entries(values as Readonly<Record<string, unknown>>).flatMap(([name, value]) =>
      typeof value === 'number' || typeof value === 'string'
        ? [{ name: `${group}.${name}`, value }]
        : [],
    ),
  )
}

/**
 * The parameters with some of them set.
 *
 * @param settings such as `network.cpuMessageMs=0.05`, `broadcast.bytes=64MiB`
 * @throws RangeError that says which setting can't be understood, and what to write
 */
export function setParameters(settings: readonly string[]): Parameters {
  const parameters = structuredClone(DEFAULT_PARAMETERS)
  const names = new Set(listParameters(parameters).map(({ name }) => name))
  for (const setting of settings) {
    const [name = '', text = ''] = setting.split(/=(.*)/s)
    if (!names.has(name)) throw new RangeError(unknown(name, names))
    const [group = '', key = ''] = name.split('.')
    const values = parameters[group as keyof Parameters] as Record<string, number | string>
    const isWord = typeof values[key] === 'string'
    values[key] = isWord ? parseWord(setting, text) : parseNumber(setting, text)
  }
  return parameters
}

/** The name and the number of a setting that `setParameters` took; a word counts as 0. */
export function parseSetting(setting: string): { readonly name: string; readonly value: number } {
  const [name = '', text = ''] = setting.split(/=(.*)/s)
  return { name, value: ORDERS.some((word) => word === text) ? 0 : parseNumber(setting, text) }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
}

function parseNumber(setting: string, text: string): number {
  const [, digits, unit] = /^(-?\d+(?:\.\d+)?(?:e-?\d+)?)([KMG]i?B|)$/i.exec(text) ?? []
  const factor = UNITS[unit ?? '']
  const value = Number(digits) * (factor ?? Number.NaN)
  if (Number.isFinite(value)) return value
  throw new RangeError(`'${setting}' has no number; write it like 0.02, 5e-7, 512 or 64MiB`)
}

const ORDERS: readonly DatasetOrder[] = ['shuffled', 'zipf']

/** The only word there is to set. */
function parseWord(setting: string, text: string): DatasetOrder {
  const order = ORDERS.find((each) => each === text)
  if (order !== undefined) return order
  throw new RangeError(`'${setting}' is not known; write one of ${ORDERS.join(', ')}`)
}

function unknown(name: string, names: ReadonlySet<string>): string {
  const [group = ''] = name.split('.')
  const near = [...names].filter((each) => each.startsWith(`${group}.`))
  const groups = Object.keys(PARAMETER_GROUPS).join(', ')
  const there = near.length > 0 ? near.join(', ') : `those of the groups ${groups}`
  return `'${name}' is no parameter; there are ${there}`
}
