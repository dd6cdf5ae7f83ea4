// From options to the settings of a peer: defaults that are safe without thought, and the checks
// that concern two options at once.
import os from 'node:os'
import path from 'node:path'
import type { NamedDirectory, PeerSettings } from '../../composition/settings.ts'
import { STRICT_LEASE_MAX_MS } from '../../../src/lock/lease/lease-terms.ts'
import { parseJoin } from '../../join/parse-join.ts'
import { usageError } from '../exit-codes.ts'
import { heatSettings } from './heat-settings.ts'
import { backSettings } from './back-settings.ts'
import { parseDurationFrom, parseSize, parseSizeWithin } from './quantities.ts'
import { configDirectory, optionReader, runtimeDirectory } from './read-options.ts'
import type { Environment, Flags, OptionReader, Places } from './read-options.ts'
import {
  parseEndpoint,
  parseMultiaddr,
  parseNamedDirectory,
  parseSwitch,
  parseText,
  parseVolumeName,
  parseWord,
  DRIVERS,
} from './values.ts'

const MEBI = 1024 * 1024
/** Where peers listen, and are looked for, when hosts are named without a port. */
const DEFAULT_PORT = 4100
const LEAST_RAM = 16 * MEBI
/** An eighth of the memory, for the programs of the job own the rest; at most 4 GiB unasked. */
const MOST_DEFAULT_RAM = 4096 * MEBI

/** @throws CommanderError of usage */
export function peerSettings(flags: Flags, places: Places): PeerSettings {
  const options = optionReader(flags, places)
  const mesh = options.one('mesh', parseVolumeName) ?? 'default'
  const settings: PeerSettings = {
    mesh,
    ...identitySettings(options, mesh, places),
    ...meshSettings(options, places.env),
    ...volumeSettings(options, places.cwd),
    ...cacheSettings(options, places),
    ...heatSettings(options),
    ...localSettings(options, mesh, places),
  }
  checkVolumes(settings)
  return settings
}

/** The socket of the peer that a command talks to. */
export function apiSocket(flags: Flags, places: Places): string {
  const options = optionReader(flags, places)
  return socketOf(options, options.one('mesh', parseVolumeName) ?? 'default', places)
}

function socketOf(options: OptionReader, mesh: string, { env, cwd }: Places): string {
  const given = options.one('api', parseText)
  const socket =
    given === undefined
      ? path.join(runtimeDirectory(env), `${mesh}.sock`)
      : path.resolve(cwd, given)
  // The kernel holds 108 bytes, the last one a NUL; Node cuts a longer one off without a word.
  if (Buffer.byteLength(socket) <= 107) return socket
  throw usageError(
    `--api: "${socket}" is longer than the 107 bytes of a Unix socket's path; use a shorter one`,
  )
}

type Part<Key extends keyof PeerSettings> = Pick<PeerSettings, Key>

function identitySettings(
  options: OptionReader,
  mesh: string,
  { env, cwd }: Places,
): Part<'key' | 'identity'> {
  const key = options.one('key', parseText)
  const identity = options.one('identity', parseText)
  return {
    key:
      key === undefined ? path.join(configDirectory(env), `${mesh}.key`) : path.resolve(cwd, key),
    ...(identity === undefined ? {} : { identity: path.resolve(cwd, identity) }),
  }
}

function meshSettings(
  options: OptionReader,
  env: Environment,
): Part<'isPlaintext' | 'listen' | 'join'> {
  const isPlaintext = options.one('insecure', parseWord(['plaintext'])) !== undefined
  const listen = options.many('listen', parseMultiaddr)
  // Open text on every interface must be somebody's decision, never a default.
  if (isPlaintext && listen === undefined) {
    throw usageError('--insecure plaintext needs --listen with the address of the isolated network')
  }
  return {
    isPlaintext,
    listen: listen ?? [`/ip4/0.0.0.0/tcp/${namesHosts(options) ? DEFAULT_PORT : 0}`],
    join:
      options.many('join', (text) => parseJoin(text, { env, defaultPort: portOf(listen) })) ?? [],
  }
}

// Whoever joins by host names must find every peer of the mesh at the same port.
function namesHosts(options: OptionReader): boolean {
  const joins = options.many('join', (text) => text.trim()) ?? []
  return joins.some((text) => !/^(dir:|\/(ip4|ip6|dns|dns4|dns6)\/)/.test(text))
}

function portOf(listen: readonly string[] | undefined): number {
  const port = Number(/\/tcp\/(\d+)/.exec(listen?.[0] ?? '')?.[1] ?? 0)
  return port === 0 ? DEFAULT_PORT : port
}

type VolumeKeys = 'sources' | 'mounts' | 'write' | 'back' | 'allowOther' | 'driver'

function volumeSettings(options: OptionReader, cwd: string): Part<VolumeKeys> {
  const parse = parseNamedDirectory(cwd)
  const allowOther = options.one('allow-other', parseSwitch)
  return {
    sources: options.many('source', parse) ?? [],
    mounts: options.many('mount', parse) ?? [],
    write: options.one('write', parseWord(['off', 'through', 'back'])) ?? 'off',
    back: backSettings(options),
    ...(allowOther === undefined ? {} : { allowOther }),
    driver: options.one('driver', parseWord(DRIVERS)) ?? 'kernel',
  }
}

type CacheKeys =
  | 'ramBytes'
  | 'spill'
  | 'blockBytes'
  | 'inlineBytes'
  | 'readAheadBytes'
  | 'ahead'
  | 'coherence'
  | 'leaseMs'
  | 'revalidateMs'
  | 'sourceTimeoutMs'

function cacheSettings(options: OptionReader, { cwd }: Places): Part<CacheKeys> {
  const blockBytes = options.one('block', parseBlock)
  const inlineBytes = options.one('inline', parseSizeWithin(0, MEBI))
  const readAheadBytes = options.one('read-ahead', parseSizeWithin(0, 1024 * MEBI))
  const leaseMs = options.one('lease', parseLease)
  return {
    ramBytes:
      options.one('ram', parseSizeWithin(LEAST_RAM, Number.MAX_SAFE_INTEGER)) ?? defaultRam(),
    ...spillSettings(options, cwd),
    ...(blockBytes === undefined ? {} : { blockBytes }),
    ...(inlineBytes === undefined ? {} : { inlineBytes }),
    ...(readAheadBytes === undefined ? {} : { readAheadBytes }),
    ahead: options.one('ahead', parseWord(['none', 'first-run', 'trace'])) ?? 'trace',
    coherence: options.one('coherence', parseWord(['static', 'gossip', 'strict'])) ?? 'gossip',
    ...(leaseMs === undefined ? {} : { leaseMs }),
    revalidateMs: options.one('revalidate', parseDurationFrom(100)) ?? 300_000,
    sourceTimeoutMs: options.one('source-timeout', parseDurationFrom(10)) ?? 30_000,
  }
}

type LocalKeys = 'api' | 'metrics' | 'logLevel' | 'state'

function localSettings(options: OptionReader, mesh: string, places: Places): Part<LocalKeys> {
  const metrics = options.one('metrics', parseEndpoint)
  const state = options.one('state', parseText)
  return {
    api: socketOf(options, mesh, places),
    ...(metrics === undefined ? {} : { metrics }),
    ...(state === undefined ? {} : { state: path.resolve(places.cwd, state) }),
    logLevel: options.one('log-level', parseWord(['debug', 'info', 'warn', 'error'])) ?? 'info',
  }
}

function parseBlock(text: string): number {
  const bytes = parseSize(text)
  const isPower = bytes > 0 && Number.isInteger(Math.log2(bytes))
  if (isPower && bytes >= 4096 && bytes <= 4 * MEBI) return bytes
  throw new Error('is not a power of two from 4KiB to 4MiB')
}

function parseLease(text: string): number {
  const ms = parseDurationFrom(500)(text)
  if (ms > STRICT_LEASE_MAX_MS) throw new Error(`is too long; at most ${STRICT_LEASE_MAX_MS}ms`)
  return ms
}

/** A container's limit counts where it is lower than the machine's memory. */
function defaultRam(): number {
  const limit = process.constrainedMemory()
  const memory = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()
  const share = Math.floor(memory / 8 / MEBI) * MEBI
  return Math.max(LEAST_RAM, Math.min(share, MOST_DEFAULT_RAM))
}

function checkVolumes({ sources, mounts, coherence, driver, write }: PeerSettings): void {
  if (sources.length + mounts.length === 0) {
    throw usageError('no volume; give --source NAME=DIR, --mount NAME=DIR, or both')
  }
  if (coherence === 'strict' && driver === 'fuse-native') {
    throw usageError('--coherence strict needs --driver kernel: fuse-native keeps what it was told')
  }
  if (coherence === 'strict' && write === 'back') {
    throw usageError(
      '--coherence strict needs --write through: others see only what the source has',
    )
  }
  checkOnce('--source', sources, (each) => each.volume)
  checkOnce('--mount', mounts, (each) => each.directory)
  // One mount a volume: the kernel's references to its inodes are counted per volume.
  checkOnce('--mount', mounts, (each) => each.volume)
}

function checkOnce(
  option: string,
  named: readonly NamedDirectory[],
  by: (each: NamedDirectory) => string,
): void {
  const seen = new Set<string>()
  for (const each of named) {
    if (seen.has(by(each)))
      throw usageError(`${option}: "${by(each)}" is given twice; give it once`)
    seen.add(by(each))
  }
}

const DEFAULT_SPILL = 16 * 1024 * MEBI
const LEAST_SPILL = 256 * MEBI

function spillSettings(options: OptionReader, cwd: string): Part<'spill'> {
  const directory = options.one('spill', parseText)
  const within = parseSizeWithin(LEAST_SPILL, Number.MAX_SAFE_INTEGER)
  const sizeBytes = options.one('spill-size', within) ?? DEFAULT_SPILL
  if (directory === undefined) return {}
  return { spill: { directory: path.resolve(cwd, directory), sizeBytes } }
}
