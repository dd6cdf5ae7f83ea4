// Which start a reader belongs to. A start is a young process that reads something of the volume, with
// all its descendants; whoever can't be told apart shares one. What runs on for long, or came before us,
// is no start: nobody will want what it reads next in the same order again.
import type { Clock } from '../ports/clock.ts'
import type { Programs } from '../ports/programs.ts'
import type { Following } from './following.ts'
import { Recording } from './recording.ts'

/** An older process that begins to read here has started long ago. */
const YOUNG_MS = 10_000
/** A pid that is nobody's start is looked at again after this: pids are used again. */
const FORGOTTEN_MS = 5_000
const ANCESTORS_MAX = 32
/** What the system keeps of a command's name. */
const COMMAND_LENGTH = 15
const STARTS_MAX = 64
const PIDS_MAX = 8_192

export type Start = {
  /** The process it began with; 0 where readers can't be told apart. */
  readonly process: number
  /** Given by a person; else undefined. */
  readonly name: string | undefined
  readonly startedMs: number
  readonly recording: Recording
  command: string
  /** When something was last used for the first time. */
  newMs: number
  isOver: boolean
  following: Following | undefined
  /** How often it left what it followed. */
  leaves: number
}

export type StartsInit = {
  readonly clock: Clock
  /** Absent where nobody can be told apart. */
  readonly programs?: Programs | undefined
}

type Known = { readonly start: Start | undefined; readonly untilMs: number }

export class Starts {
  readonly #init: StartsInit
  readonly #running = new Map<number, Start>()
  readonly #byPid = new Map<number, Known>()

  constructor(init: StartsInit) {
    this.#init = init
  }

  get running(): Iterable<Start> {
    return this.#running.values()
  }

  get size(): number {
    return this.#running.size
  }

  /** The start that a reader belongs to; begins one where it is young enough. */
  of(pid: number | undefined): Start | undefined {
    const { programs } = this.#init
    if (pid === undefined || pid === 0 || programs === undefined) {
      return this.#running.get(0) ?? this.#begin(0, '')
    }
    const known = this.#byPid.get(pid)
    const now = this.#init.clock.now()
    if (known !== undefined && now < known.untilMs && known.start?.isOver !== true) {
      return known.start
    }
    const start = this.#find(programs, pid)
    if (this.#byPid.size >= PIDS_MAX) this.#byPid.clear()
    const untilMs = start === undefined ? now + FORGOTTEN_MS : Infinity
    this.#byPid.set(pid, { start, untilMs })
    return start
  }

  /** A process of which a person says that it starts now, whatever its age. */
  begin(
    name: string,
    { pid, command }: { readonly pid: number; readonly command: string },
  ): Start | undefined {
    this.#byPid.clear()
    return this.#begin(pid, command.slice(0, COMMAND_LENGTH), name)
  }

  named(name: string): Start | undefined {
    return [...this.#running.values()].find((start) => start.name === name)
  }

  /** What the process calls itself by now: it had another name before it became what it is. */
  refreshCommand(start: Start): void {
    // Who records a command waits for it, and is called something else.
    if (start.name !== undefined) return
    const program = start.process === 0 ? undefined : this.#init.programs?.of(start.process)
    if (program !== undefined) start.command = program.command
  }

  end(start: Start): void {
    start.isOver = true
    if (this.#running.get(start.process) === start) this.#running.delete(start.process)
  }

  #find(programs: Programs, pid: number): Start | undefined {
    const reader = programs.of(pid)
    if (reader === undefined) return undefined
    let program = reader
    for (let i = 0; i < ANCESTORS_MAX; i++) {
      const start = this.#running.get(program.process)
      if (start !== undefined) return start
      const above = program.parent > 1 ? programs.of(program.parent) : undefined
      if (above === undefined) break
      program = above
    }
    return reader.ageMs < YOUNG_MS ? this.#begin(reader.process, reader.command) : undefined
  }

  #begin(process: number, command: string, name?: string): Start | undefined {
    if (this.#running.size >= STARTS_MAX) return undefined
    const now = this.#init.clock.now()
    const start: Start = {
      process,
      name,
      command,
      startedMs: now,
      newMs: now,
      recording: new Recording(now),
      isOver: false,
      following: undefined,
      leaves: 0,
    }
    this.#running.set(process, start)
    return start
  }
}
