// The room that turns what people write (flags, POTLUCK_ variables, a YAML file) into settings that
// need no further check. `table.ts` lists the options, `values.ts` and `quantities.ts` read single
// values, `peer-settings.ts` puts them together.
//
// One precedence for everything: flag, environment, config file, default. What is found keeps the
// name of where it was found, so that an error can say which of the four to correct. The room must
// never touch what the options are about: no directory is opened, no address listened on.
import os from 'node:os'
import path from 'node:path'
import { usageError } from '../exit-codes.ts'
import { readConfigFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { optionRow, variableOf } from './table.ts'
import type { OptionName } from './table.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** As commander gives them: by camel-cased name; `false` is a `--no-…`, `true` a switch. */
export type Flags = Readonly<Record<string, unknown>>

export type Places = { readonly env: Environment; readonly cwd: string }

type Found = { readonly texts: readonly string[]; readonly where: string }

export class OptionReader {
  readonly #flags: Flags
  readonly #config: ConfigFile
  readonly #env: Environment

  constructor(flags: Flags, env: Environment, config: ConfigFile) {
    this.#flags = flags
    this.#env = env
    this.#config = config
  }

  /** @throws CommanderError of usage that names the option, its value, and what to write */
  one<T>(name: OptionName, parse: (text: string) => T): T | undefined {
    const found = this.#find(name)
    if (found === undefined) return undefined
    const text = found.texts.at(-1)
    return text === undefined ? undefined : parseFound(found.where, text, parse)
  }

  many<T>(name: OptionName, parse: (text: string) => T): readonly T[] | undefined {
    const found = this.#find(name)
    return found?.texts.map((text) => parseFound(found.where, text, parse))
  }

  /** Where the option was said: a flag, a variable or a file; undefined where it was not. */
  whereOf(name: OptionName): string | undefined {
    return this.#find(name)?.where
  }

  #find(name: OptionName): Found | undefined {
    return this.#flag(name) ?? this.#variable(name) ?? this.#configured(name)
  }

  #flag(name: OptionName): Found | undefined {
    const value = this.#flags[camelCase(name)]
    if (value === undefined) return undefined
    if (value === false && optionRow(name)?.isMany) return { texts: [], where: `--no-${name}` }
    const texts = Array.isArray(value) ? value.map(String) : [String(value)]
    return { texts, where: `--${name}` }
  }

  // An empty variable is one that is not set: shells can't always unset what they inherit.
  #variable(name: OptionName): Found | undefined {
    const where = variableOf(name)
    const text = this.#env[where]
    if (text === undefined || text === '') return undefined
    const isMany = optionRow(name)?.isMany === true
    const texts = isMany ? text.split(',').map((each) => each.trim()) : [text]
    return { texts: texts.filter((each) => each !== ''), where }
  }

  #configured(name: OptionName): Found | undefined {
    const texts = this.#config.values.get(name)
    return texts === undefined ? undefined : { texts, where: `${this.#config.file}: ${name}` }
  }
}

function parseFound<T>(where: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (error) {
    throw usageError(
      `${where}: "${text}" ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Opens the config file, if one is named or the usual one is there. */
export function optionReader(flags: Flags, places: Places): OptionReader {
  const named = flags['config'] ?? (places.env['POTLUCK_CONFIG'] || undefined)
  const isNamed = typeof named === 'string'
  const file = isNamed
    ? path.resolve(places.cwd, named)
    : path.join(configDirectory(places.env), 'config.yaml')
  return new OptionReader(flags, places.env, readConfigFile(file, isNamed))
}

/** `~/.config/potluck`, where keys and the config file live. */
export function configDirectory(env: Environment): string {
  const base = env['XDG_CONFIG_HOME'] || path.join(env['HOME'] || homeOfUser(), '.config')
  return path.join(base, 'potluck')
}

/** As the system knows it; '/' for a user it does not know, as containers have them. */
function homeOfUser(): string {
  try {
    // Not `os.homedir()`, which believes an empty HOME.
    return os.userInfo().homedir || '/'
  } catch {
    return '/'
  }
}

/** A directory of this user alone, for sockets. */
export function runtimeDirectory(env: Environment): string {
  const base = env['XDG_RUNTIME_DIR']
  if (base !== undefined && base !== '') return path.join(base, 'potluck')
  return path.join(os.tmpdir(), `potluck-${process.getuid?.() ?? 'user'}`)
}
