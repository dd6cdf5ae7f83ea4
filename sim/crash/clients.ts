import { codeOf } from '../../src/base/errors.ts'
import { sleep } from '../../src/base/time.ts'
import type { Change, Durability } from '../../src/log/changes.ts'
import type { Log } from '../../src/log/log.ts'
import type { LogRecord } from '../../src/log/reader.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Random } from '../../src/ports/random.ts'
import { type History, idOf, payloadOf } from './history.ts'

const KIND = 1
/** Mostly small, some that fill a batch. */
const SIZES = [8, 100, 700, 2_100, 4_096, 9_000, 20_000]

export type ClientsInit = {
  readonly log: Log
  readonly random: Random
  readonly history: History
  readonly clock: Clock
  readonly operations: number
  /** How many there are. */
  readonly clients: number
  /** How commits are acknowledged is drawn from these. */
  readonly durabilities: readonly Durability[]
}

/** Clients that work at the same time, each doing one thing after another. */
export class Clients {
  readonly problems: string[] = []
  refused = 0
  failed = 0
  readonly #init: ClientsInit
  #left: number
  #isDead = false

  constructor(init: ClientsInit) {
    this.#init = init
    this.#left = init.operations
  }

  /** The process has died: whatever its code would still come to never happened. */
  die(): void {
    this.#isDead = true
    this.#left = 0
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#init.clients }, () => this.#client()))
  }

  async #client(): Promise<void> {
    const { random, clock } = this.#init
    while (this.#left > 0 && this.problems.length === 0) {
      this.#left -= 1
      const drawn = random.next()
      if (drawn < 0.15) await this.#read()
      else if (drawn < 0.2) await this.#flush()
      else if (drawn < 0.25) await sleep(clock, random.next() * 10)
      else await this.#commit()
    }
  }

  async #flush(): Promise<void> {
    const { log, history } = this.#init
    const { newest } = history
    if ((await this.#tried(() => log.flush())) === 'done') history.durable(newest)
  }

  async #read(): Promise<void> {
    const { log, history, random } = this.#init
    const name = draw(history.keys, random)
    let record: LogRecord | undefined
    const read = async (): Promise<unknown> =>
      (record = await log.read(log.key(KIND, Buffer.from(name))))
    if ((await this.#tried(read)) !== 'done') return
    if (record !== undefined && idOf(record.payload) === undefined) {
      this.problems.push(`the bytes of "${name.slice(0, 6)}" are not as they were written`)
    }
  }

  async #commit(): Promise<void> {
    const { log, history, random } = this.#init
    const keys = new Set<string>()
    const count = random.next() < 0.7 ? 1 : 1 + Math.floor(random.next() * 4)
    while (keys.size < count) keys.add(draw(history.keys, random))
    const durability = draw(this.#init.durabilities, random)
    const intended = new Map<string, number>()
    const changes: Change[] = []
    for (const name of keys) {
      // One that is not acknowledged at once must show by what it leaves whether it happened.
      const isDeletion = durability === 'memory' && random.next() < 0.25
      const id = isDeletion ? 0 : history.newId()
      const value = { payload: payloadOf(id, draw(SIZES, random)), flags: 0 }
      intended.set(name, id)
      const key = log.key(KIND, Buffer.from(name))
      changes.push(isDeletion ? { key } : { key, value })
    }
    await this.#send(changes, intended, durability)
  }

  async #send(
    changes: readonly Change[],
    intended: ReadonlyMap<string, number>,
    durability: Durability,
  ): Promise<void> {
    const { log, history } = this.#init
    history.begin(intended)
    const outcome = await this.#tried(async () => {
      const { version } = await this.#alive(log.commit(changes, durability))
      history.done(intended, version)
      if (durability === 'sync') history.durable(version)
      if (durability === 'disk') history.wrote(version)
    })
    if (outcome === 'refused') history.refuse(intended)
  }

  /** Settles with the work, unless the process died meanwhile. */
  #alive<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => this.#isDead || resolve(value),
        (error: Error) => this.#isDead || reject(error),
      )
    })
  }

  /**
   * `refused`: being too large or for want of space. `unknown`: the disk failed, and it may be there
   * or not.
   */
  async #tried(work: () => Promise<unknown>): Promise<'done' | 'refused' | 'unknown'> {
    try {
      await this.#alive(work())
      return 'done'
    } catch (error) {
      const code = codeOf(error)
      if (code !== 'ENOSPC' && code !== 'TOO_LARGE' && code !== 'EIO') throw error
      if (code === 'EIO') this.failed += 1
      else this.refused += 1
      return code === 'EIO' ? 'unknown' : 'refused'
    }
  }
}

function draw<T>(from: readonly T[], random: Random): T {
  const drawn = from[Math.floor(random.next() * from.length)]
  if (drawn === undefined) throw new Error('nothing to draw from')
  return drawn
}
