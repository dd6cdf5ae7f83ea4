// Registers and what is known of them. The contents of a file are one, and so is what a name leads to:
// each has versions, in the order in which the storage made them.
//
// Whether a history of operations is linearizable is a search in general (Wing and Gong, 1993): for an
// order of the writes that explains all reads. Here the storage gives that order, so nothing is left
// to search. A read is explained if it shows a version that is no older than any that was
// acknowledged, or shown to another read, before it began. Where several versions look alike, it is
// taken for the oldest one that will do, so that nobody is accused wrongly.
import type { ProgramChange, ProgramRead, Who } from '../../watch/checker.ts'
import { type Checker, nameOf } from '../../watch/checker.ts'
import type { History } from '../../watch/history.ts'

/** Reads that began before so many changes of a register are held to nothing. */
const VERSIONS_KEPT = 256

type Known = { readonly endMs: number; readonly version: number }

/** The newest version of one register that was known at each moment. */
class Register {
  /** Versions and times rising. */
  #known: Known[] = []

  /** To be called in the order of time. */
  note(endMs: number, version: number): void {
    if (version <= (this.#known.at(-1)?.version ?? -1)) return
    this.#known.push({ endMs, version })
    if (this.#known.length > 2 * VERSIONS_KEPT) this.#known = this.#known.slice(-VERSIONS_KEPT)
  }

  /** @returns -1 where none was known */
  before(ms: number): number {
    return this.#known.findLast(({ endMs }) => endMs < ms)?.version ?? -1
  }
}

export type RegistersInit = {
  readonly name: string
  readonly history: History
  /** Who must see what others know: all who have this in common. */
  readonly scopeOf: (who: Who) => string
  /** What counts as known: changes that were acknowledged, what reads have shown, or both. */
  readonly knows: { readonly changes: boolean; readonly reads: boolean }
}

/** Nobody reads of a register what is older than what was known in their scope when they began. */
export function registers(init: RegistersInit): Checker {
  const all = new Registers(init)
  const { name, knows } = init
  return {
    name,
    begin: (_, report) => void (all.say = report),
    read: (read) => {
      if (read.outcome !== 'failed') all.read(read)
    },
    changed: (change) => {
      if (knows.changes) all.changed(change)
    },
  }
}

class Registers {
  say: (what: string) => void = () => {}
  readonly #init: RegistersInit
  readonly #all = new Map<string, Register>()

  constructor(init: RegistersInit) {
    this.#init = init
  }

  read(read: ProgramRead): void {
    const { history } = this.#init
    const inodes = inodesRead(history, read)
    const [inode] = inodes
    if (read.outcome === 'read' && inodes.length === 1 && inode !== undefined) {
      this.#judge(read, `the bytes of ${inode}`, versionsOf(history, inode, read.bytes))
    }
    if (read.openedMs !== undefined) return
    this.#judge(read, `the name ${read.path}`, bindingsTo(history, read, inodes))
  }

  changed(change: ProgramChange): void {
    const { state, names, endMs } = change
    if (state !== undefined) {
      const version = this.#init.history.statesOf(state.inode).indexOf(state)
      this.#at(change, `the bytes of ${state.inode}`).note(endMs, version)
    }
    for (const { path, index } of names) this.#at(change, `the name ${path}`).note(endMs, index)
  }

  /** `shown`: the versions that it may have been, the oldest first. */
  #judge(read: ProgramRead, what: string, shown: readonly number[]): void {
    const register = this.#at(read, what)
    const floor = register.before(read.startMs)
    const version = shown.find((one) => one >= floor)
    if (version !== undefined && this.#init.knows.reads) register.note(read.endMs, version)
    if (version !== undefined || shown.length === 0) return
    this.say(`${nameOf(read)} read version ${shown.at(-1)} of ${what}, after ${floor} was known`)
  }

  #at(who: Who, what: string): Register {
    const key = `${this.#init.scopeOf(who)} ${what}`
    const register = this.#all.get(key) ?? new Register()
    this.#all.set(key, register)
    return register
  }
}

/** Which inodes it may have been whose bytes were read; undefined stands for none. */
function inodesRead(history: History, read: ProgramRead): (number | undefined)[] {
  if (read.outcome !== 'read') return [undefined]
  const { bytes, path } = read
  const inodes = new Set(history.bindingsOf(path).map(({ inode }) => inode ?? -1))
  inodes.delete(-1)
  return [...inodes].filter((inode) => versionsOf(history, inode, bytes).length > 0)
}

function versionsOf(history: History, inode: number, bytes: Uint8Array): number[] {
  const states = history.statesOf(inode)
  return [...states.keys()].filter((index) => {
    const state = states[index]
    return state !== undefined && history.bytesOf(state).equals(bytes)
  })
}

function bindingsTo(
  history: History,
  { path }: ProgramRead,
  inodes: readonly (number | undefined)[],
): number[] {
  const bindings = history.bindingsOf(path)
  return [...bindings.keys()].filter((index) => inodes.includes(bindings[index]?.inode))
}
