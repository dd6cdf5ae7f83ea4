// The traces of one volume that this node knows: found by how a start begins, merged with each start
// that follows one, aged, and bounded.
import { hash } from 'node:crypto'
import type { Name, Path } from '../ports/messages.ts'
import { mergeTraces, shareOf } from './merge.ts'
import { indexOf, isTraceName, type Trace } from './trace.ts'

export const MAX_TRACES = 32
/** All of them together. */
const ENTRIES_MAX = 262_144
/** What is smaller is not worth knowing. */
const ENTRIES_LEAST = 16
/** So much of the smaller one in the larger one, and two starts are of the same kind. */
const SAME_SHARE = 0.6
/** A trace that changed by less is not told of again. */
const CHANGE_LEAST = 0.05
/** So much of a beginning must be in a trace, and not much later than there. */
const MATCH_SHARE = 0.75

export class TraceStore {
  /** By name, the one that was used last at the end. */
  readonly #traces = new Map<string, Trace>()

  get(name: string): Trace | undefined {
    return this.#traces.get(name)
  }

  all(): Trace[] {
    return [...this.#traces.values()]
  }

  put(trace: Trace): void {
    this.#traces.delete(trace.name)
    this.#traces.set(trace.name, trace)
    let entries = 0
    for (const each of this.#traces.values()) entries += each.entries.length
    for (const [name, { entries: own }] of this.#traces) {
      if (this.#traces.size <= MAX_TRACES && entries <= ENTRIES_MAX) return
      if (name === trace.name) return
      entries -= own.length
      this.#traces.delete(name)
    }
  }

  delete(name: string): boolean {
    return this.#traces.delete(name)
  }

  /** The trace that begins as this start did: the files that it read first, in order. */
  match(files: readonly Path[], command: string): Trace | undefined {
    let best: Trace | undefined
    let bestScore = 0
    for (const trace of this.#traces.values()) {
      const hits = beginningOf(trace, files)
      if (hits < files.length * MATCH_SHARE) continue
      // Of equals the one of the same name, else the one that was used last.
      const score = hits + (trace.command === command ? 0.5 : 0)
      if (score < bestScore) continue
      best = trace
      bestScore = score
    }
    if (best !== undefined) this.put(best)
    return best
  }

  /** Names in a directory that who asks for this one will want, too. */
  expected(directory: Path, name: Name): Name[] {
    const names = new Set<Name>()
    for (const trace of this.#traces.values()) {
      const inside = indexOf(trace).names.get(directory)
      if (inside?.has(name) === true) for (const each of inside) names.add(each)
    }
    return [...names]
  }

  /** Takes a start in. @returns the trace that came of it, where that is news worth telling */
  learn(recorded: Trace): Trace | undefined {
    if (recorded.entries.length < ENTRIES_LEAST) return undefined
    const known = this.#traces.get(recorded.name) ?? this.#similarTo(recorded)
    if (known === undefined) {
      const fresh = isTraceName(recorded.name) ? recorded : { ...recorded, name: nameFor(recorded) }
      this.put(fresh)
      return fresh
    }
    const { trace, change } = mergeTraces(known, recorded)
    this.put(trace)
    return change < CHANGE_LEAST ? undefined : trace
  }

  #similarTo(recorded: Trace): Trace | undefined {
    let best: Trace | undefined
    let bestShare = SAME_SHARE
    for (const trace of this.#traces.values()) {
      const share = Math.max(shareOf(recorded, trace), shareOf(trace, recorded))
      if (share < bestShare) continue
      best = trace
      bestShare = share
    }
    return best
  }
}

/** How many of the first files are files of the trace's beginning. */
function beginningOf(trace: Trace, files: readonly Path[]): number {
  const { filesRead } = indexOf(trace)
  const beginning = new Set(filesRead.slice(0, files.length * 4 + 16))
  return files.filter((path) => beginning.has(path)).length
}

function nameFor(recorded: Trace): string {
  const command = recorded.command
    .replaceAll(/[^A-Za-z0-9._+-]/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
  const digest = hash('sha256', indexOf(recorded).filesRead.join('\0')).slice(0, 8)
  return `${command === '' ? 'start' : command.slice(0, 64)}-${digest}`
}
