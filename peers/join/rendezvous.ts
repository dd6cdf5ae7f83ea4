import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../source/system/failures.ts'
import { PotluckError } from '../../src/base/errors.ts'

const SUFFIX = '.peer'
const MAX_FILE_BYTES = 8_192
const MAX_NAMES = 100_000
const MAX_ADDRESSES = 16
/** A living peer touches its file this often; rarely, for it is on the slow storage. */
export const REFRESH_MS = 60_000
/** A file not touched for so long, whose peer can't be reached, is removed. */
const STALE_MS = 10 * REFRESH_MS

export type Candidate = { readonly name: string; readonly addresses: readonly string[] }

/**
 * A directory on storage that all nodes share, where each peer leaves a file named by its id. It is
 * written to a temporary name and renamed, so that nobody reads half of it. Ages are taken from the
 * storage's own clock (our file's mtime against theirs), for the nodes' clocks may differ.
 */
export class Rendezvous {
  readonly #directory: string
  readonly #file: string
  readonly #name: string

  constructor(directory: string, peer: string) {
    this.#directory = directory
    this.#name = peer + SUFFIX
    this.#file = join(directory, this.#name)
  }

  /** Leaves or renews our file. @throws what writing to the directory fails with */
  async announce(addresses: readonly string[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    const unfinished = join(this.#directory, `.${this.#name}.${process.pid}`)
    const handle = await open(unfinished, 'w', 0o644)
    try {
      await handle.writeFile(`${addresses.slice(0, MAX_ADDRESSES).join('\n')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, this.#file)
  }

  /** Says that we are still here. */
  async touch(addresses: readonly string[]): Promise<void> {
    try {
      const now = new Date()
      await utimes(this.#file, now, now)
    } catch {
      // Someone removed it, or its directory: leave a new one.
      await this.announce(addresses)
    }
  }

  async withdraw(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  /** The names of the other peers' files, sorted, so that everyone finds the same ones first. */
  async names(): Promise<string[]> {
    const names = await readdir(this.#directory)
    return names
      .filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.') && name !== this.#name)
      .sort()
      .slice(0, MAX_NAMES)
  }

  /** What a file says; undefined if it is gone or makes no sense. */
  async read(name: string): Promise<Candidate | undefined> {
    try {
      const file = join(this.#directory, name)
      const { size } = await stat(file)
      if (size > MAX_FILE_BYTES) return undefined
      const lines = (await readFile(file, 'latin1')).split('\n').filter((line) => line !== '')
      const addresses = lines.filter(isAddress).slice(0, MAX_ADDRESSES)
      return addresses.length > 0 ? { name, addresses } : undefined
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    }
  }

  /** Removes the file of a peer that can't be reached, if it is old. True if it did. */
  async removeIfStale(name: string): Promise<boolean> {
    const file = join(this.#directory, name)
    try {
      const [theirs, ours] = await Promise.all([stat(file), this.#clock()])
      if (ours - theirs.mtimeMs < STALE_MS) return false
      await rm(file, { force: true })
      return true
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false
      throw error
    }
  }

  /** The storage's time: what it stamps a file with that is written now. */
  async #clock(): Promise<number> {
    const probe = join(this.#directory, `.${this.#name}.clock`)
    await writeFile(probe, '')
    const { mtimeMs } = await stat(probe)
    await rm(probe, { force: true })
    return mtimeMs
  }
}

function isAddress(line: string): boolean {
  return /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}\/p2p\/[A-Za-z0-9]+$/.test(line)
}

/** @throws PotluckError EINVAL unless the path leads to a directory, or to nothing yet. */
export async function checkRendezvous(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (found !== undefined && !found.isDirectory()) {
    throw new PotluckError('EINVAL', `--join ${directory}: that is no directory`)
  }
}
