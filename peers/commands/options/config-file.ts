// The YAML config file: a flat mapping of option names to values. Everything in it must be known,
// since a misspelt key that is silently left out costs more than an error.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { parse } from 'yaml'
import { usageError } from '../exit-codes.ts'
import { OPTIONS, optionRow } from './table.ts'

const MOST_BYTES = 1024 * 1024
const require = createRequire(import.meta.url)

export type ConfigFile = {
  readonly file: string
  readonly values: ReadonlyMap<string, readonly string[]>
}

/**
 * @param isRequired a file that is not there is then an error, else an empty config
 * @throws CommanderError of usage
 */
export function readConfigFile(file: string, isRequired: boolean): ConfigFile {
  const text = readText(file, isRequired)
  return { file, values: text === undefined ? new Map() : parseConfig(file, text) }
}

function readText(file: string, isRequired: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if ((code === 'ENOENT' || code === 'ENOTDIR') && !isRequired) return undefined
    throw usageError(
      `config file ${file} can't be read (${code}); check --config and its permissions`,
    )
  }
}

/** @throws CommanderError of usage */
export function parseConfig(file: string, text: string): ReadonlyMap<string, readonly string[]> {
  if (text.length > MOST_BYTES) throw usageError(`config file ${file} is larger than 1 MiB`)
  // Most have none or an empty one, and need not load a parser of YAML.
  if (text.trim() === '') return new Map()
  const document = parseYaml(file, text)
  if (document === null) return new Map()
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw usageError(`config file ${file} is not a mapping; write lines like "ram: 4GiB"`)
  }
  const values = new Map<string, readonly string[]>()
  for (const [key, value] of Object.entries(document))
    values.set(key, configValue(file, key, value))
  return values
}

function parseYaml(file: string, text: string): unknown {
  const yaml = require('yaml') as { readonly parse: typeof parse }
  try {
    return yaml.parse(text, { maxAliasCount: 100 }) as unknown
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]
    throw usageError(`config file ${file} is not YAML: ${reason}`)
  }
}

function configValue(file: string, key: string, value: unknown): readonly string[] {
  const row = optionRow(key)
  if (row === undefined) {
    const known = OPTIONS.map((each) => each.name).join(', ')
    throw usageError(`config file ${file}: unknown option "${key}"; known are ${known}`)
  }
  const texts = textsOf(value, row.value === 'NAME=DIR')
  if (texts === undefined || (texts.length !== 1 && row.isMany !== true)) {
    throw usageError(`config file ${file}: "${key}" must be ${row.isMany ? 'a list' : 'one value'}`)
  }
  return texts
}

/** `data=/x`, a list of such, or for named directories a mapping `{data: /x}`. */
function textsOf(value: unknown, isNamed: boolean): readonly string[] | undefined {
  if (isScalar(value)) return [String(value)]
  if (Array.isArray(value)) return value.every(isScalar) ? value.map(String) : undefined
  if (!isNamed || typeof value !== 'object' || value === null) return undefined
  const pairs = Object.entries(value)
  if (!pairs.every(([, directory]) => isScalar(directory))) return undefined
  return pairs.map(([name, directory]) => `${name}=${String(directory)}`)
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
