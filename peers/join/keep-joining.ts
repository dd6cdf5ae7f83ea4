import { stat } from 'node:fs/promises'
import { codeOf, PotluckError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/log.ts'
import { readHostFile } from './host-file.ts'
import type { JoinTarget } from './parse-join.ts'
import { checkRendezvous, REFRESH_MS, Rendezvous } from './rendezvous.ts'

/** The peer that wants to join: what `startPeer` gives. */
export type Joiner = {
  readonly peerId: string
  addresses(): readonly string[]
  dial(addresses: readonly string[]): Promise<string>
  connectedPeers(): readonly string[]
}

export type JoinInit = {
  readonly peer: Joiner
  readonly targets: readonly JoinTarget[]
  readonly log: Log
  /** @default 100 */
  readonly firstDelayMs?: number
}

export type Joining = {
  /** The first round is over: some peer was found, or this one is the first of its mesh. */
  readonly settled: Promise<void>
  /** Stops looking and takes our file out of the rendezvous directory. */
  stop(): Promise<void>
}

/**
 * Candidates tried in a round: the first ones of the list, which all peers try, and random ones.
 */
const FIRST = 2
const RANDOM = 6
/** Candidates tried in a round altogether; the next round makes another random choice. */
const MAX_TRIED = 32
const MAX_DELAY_MS = 5_000
/** Also with peers found, a few are tried now and then, so that islands find each other. */
const REJOIN_MS = 30_000

type Found = { readonly addresses: readonly string[]; readonly onDead?: () => Promise<void> }

/**
 * Looks for peers until one is there, with growing pauses; and, as long as this peer runs, keeps
 * its file in the rendezvous directories fresh.
 *
 * @throws PotluckError EINVAL, or an errno, where a target can't be used at all
 */
export async function keepJoining(init: JoinInit): Promise<Joining> {
  const targets = await Promise.all(init.targets.map(resolveTarget))
  for (const target of targets) sayPort(target, init)
  const rounds = new JoinRounds(init, targets)
  await rounds.announce()
  const settled = rounds.run()
  return { settled, stop: () => rounds.stop() }
}

/** What all peers must agree on without ever having met is worth a line. */
function sayPort(target: JoinTarget, { peer, log }: JoinInit): void {
  const port = target.type === 'directory' ? undefined : target.port
  if (port === undefined) return
  const isHere = peer.addresses().some((address) => address.includes(`/tcp/${port}/`))
  const where = `hosts named without a port are looked for at port ${port}`
  if (isHere) log('info', `${where}, where this peer listens: all of the mesh need the same one`)
  else log('warn', `${where}, but this peer does not listen there: others will not find it`)
}

/** A path is a directory or a host file; a directory to be made is named by `dir:`. */
async function resolveTarget(target: JoinTarget): Promise<JoinTarget> {
  if (target.type === 'directory') await checkRendezvous(target.directory)
  if (target.type === 'host-file') await readHostFile(target.file, target.port)
  if (target.type !== 'path') return target
  const found = await stat(target.path).catch((error: unknown) => {
    const hint = `write dir:${target.path} for a directory of ours that is to be made`
    const [code, why] =
      codeOf(error) === 'ENOENT'
        ? (['EINVAL', `is not there; ${hint}`] as const)
        : [codeOf(error), `can't be looked at (${codeOf(error)})`]
    throw new PotluckError(code, `--join: "${target.path}" ${why}`, { cause: error })
  })
  if (found.isDirectory()) return { type: 'directory', directory: target.path }
  await readHostFile(target.path, target.port)
  return { type: 'host-file', file: target.path, port: target.port }
}

class JoinRounds {
  readonly #init: JoinInit
  readonly #targets: readonly JoinTarget[]
  readonly #rendezvous = new Map<string, Rendezvous>()
  #delayMs: number
  #timer: NodeJS.Timeout | undefined
  #refresh: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(init: JoinInit, targets: readonly JoinTarget[]) {
    this.#init = init
    this.#targets = targets
    this.#delayMs = init.firstDelayMs ?? 100
    for (const target of targets) {
      if (target.type !== 'directory') continue
      const { directory } = target
      this.#rendezvous.set(directory, new Rendezvous(directory, init.peer.peerId))
    }
  }

  /**
   * Before we look at the directory: of two peers that start at once, one at least sees the other.
   */
  async announce(): Promise<void> {
    if (this.#rendezvous.size === 0) return
    const addresses = this.#init.peer.addresses()
    for (const rendezvous of this.#rendezvous.values()) await rendezvous.announce(addresses)
    this.#refresh = setInterval(() => void this.#touch(), REFRESH_MS)
  }

  /** One round now, the others by timer. */
  run(): Promise<void> {
    this.#running = this.#round().finally(() => {
      if (this.#isStopped || this.#targets.length === 0) return
      const isAlone = this.#init.peer.connectedPeers().length === 0
      const waitMs = isAlone ? this.#delayMs : REJOIN_MS
      this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2)
      this.#timer = setTimeout(() => void this.run(), waitMs * (0.75 + Math.random() / 2))
    })
    return this.#running
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    clearInterval(this.#refresh)
    for (const rendezvous of this.#rendezvous.values()) {
      await rendezvous.withdraw().catch((error: unknown) => this.#complain('withdraw', error))
    }
  }

  async #touch(): Promise<void> {
    const addresses = this.#init.peer.addresses()
    for (const rendezvous of this.#rendezvous.values()) {
      await rendezvous.touch(addresses).catch((error: unknown) => this.#complain('refresh', error))
    }
  }

  async #round(): Promise<void> {
    for (const target of this.#targets) {
      if (this.#isStopped) return
      try {
        await this.#try(target)
      } catch (error) {
        this.#complain(`join by ${target.type}`, error)
      }
    }
  }

  /** Tries a few at a time, until one answers or all have been tried. */
  async #try(target: JoinTarget): Promise<void> {
    const isAlone = this.#init.peer.connectedPeers().length === 0
    const names = choose(await this.#names(target)).slice(0, isAlone ? MAX_TRIED : FIRST)
    for (let i = 0; i < names.length && !this.#isStopped; i += FIRST + RANDOM) {
      const few = names.slice(i, i + FIRST + RANDOM)
      const answers = await Promise.all(few.map((name) => this.#dial(target, name)))
      if (answers.includes(true)) return
    }
  }

  /** Names of files, or addresses. */
  async #names(target: JoinTarget): Promise<readonly string[]> {
    switch (target.type) {
      case 'addresses':
        return target.addresses
      case 'host-file':
        return readHostFile(target.file, target.port)
      case 'directory':
        return (await this.#rendezvous.get(target.directory)?.names()) ?? []
      case 'path':
        return []
    }
  }

  async #dial(target: JoinTarget, name: string): Promise<boolean> {
    const found = await this.#read(target, name)
    if (found === undefined || this.#isStopped) return false
    try {
      await this.#init.peer.dial(found.addresses)
      return true
    } catch (error) {
      this.#init.log('debug', `no peer at ${found.addresses.join(', ')}: ${String(error)}`)
      await found.onDead?.()
      return false
    }
  }

  async #read(target: JoinTarget, name: string): Promise<Found | undefined> {
    if (target.type !== 'directory') return { addresses: [name] }
    const rendezvous = this.#rendezvous.get(target.directory)
    const candidate = await rendezvous?.read(name)
    if (candidate === undefined) return undefined
    const onDead = async (): Promise<void> => {
      const isGone = await rendezvous?.removeIfStale(name)
      if (isGone === true) this.#init.log('info', `removed the stale rendezvous file ${name}`)
    }
    return { addresses: candidate.addresses, onDead }
  }

  #complain(what: string, error: unknown): void {
    this.#init.log(
      'warn',
      `${what} failed: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** The first ones, then all the others in a random order. */
function choose(names: readonly string[]): string[] {
  const others = names.slice(FIRST)
  for (let i = others.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const swapped = others[i] as string
    others[i] = others[j] as string
    others[j] = swapped
  }
  return [...names.slice(0, FIRST), ...others]
}
