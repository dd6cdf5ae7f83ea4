// What programs use of a volume goes by here, to those who guess from it what is used next.
import type { Name, Path } from '../ports/messages.ts'
import type { ByteRange } from '../heat/trace.ts'
import type { Traces } from '../heat/traces.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import { LinkedObjects, type LinkedObjectsInit } from './ahead/linked-objects.ts'
import { Neighbours, type NeighboursInit } from './ahead/neighbours.ts'

type GuessInit = NeighboursInit & LinkedObjectsInit

export class Accesses {
  readonly #traces: Traces | undefined
  readonly #neighbours: Neighbours
  readonly #objects: LinkedObjects

  constructor(traces: Traces | undefined, init: GuessInit) {
    this.#traces = traces
    this.#neighbours = new Neighbours(init)
    this.#objects = new LinkedObjects(init)
  }

  /** A name was asked for and found; without one, a directory was listed, or asked for one in vain. */
  looked(
    pid: number | undefined,
    at: { readonly directory: InodeRecord; readonly name?: Name },
  ): void {
    this.#traces?.looked(pid, at)
    if (at.name === undefined) this.#neighbours.listed(at.directory)
  }

  /** Bytes of a file were asked for. */
  read(pid: number | undefined, file: InodeRecord, range: ByteRange): void {
    this.#traces?.read(pid, file, range)
    this.#neighbours.read(file)
    this.#objects.read(file)
  }
}

export function accessesOver(
  traces: Traces | undefined,
  init: Omit<GuessInit, 'isKnown'>,
): Accesses {
  const isKnown = traces && ((path: Path) => traces.isKnown(path))
  return new Accesses(traces, { ...init, isKnown })
}
