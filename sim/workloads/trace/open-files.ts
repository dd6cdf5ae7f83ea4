// The open files and the working directory of each traced process, as far as its calls tell: forks copy
// them, threads share them, duplicates share an offset.
import path from 'node:path'

/** Shared by all descriptors that were duplicated from one. */
export type Description = {
  /** Absolute, without '.' and '..'; undefined for pipes and the like. */
  readonly path: string
  offset: number
  isListed: boolean
}

type Table = { readonly files: Map<number, Description>; readonly closing: Set<number> }

export class OpenFiles {
  #table: Table = { files: new Map(), closing: new Set() }
  #place: { directory: string }

  constructor(directory: string) {
    this.#place = { directory }
  }

  /** Of a new process or thread. */
  fork(flags: { readonly sharesFiles: boolean; readonly sharesPlace: boolean }): OpenFiles {
    const child = new OpenFiles(this.#place.directory)
    if (flags.sharesPlace) child.#place = this.#place
    const { files, closing } = this.#table
    child.#table = flags.sharesFiles
      ? this.#table
      : { files: new Map(files), closing: new Set(closing) }
    return child
  }

  /** A new program: what was to be closed then is closed. */
  replace(): void {
    const { files, closing } = this.#table
    this.#table = { files: new Map(files), closing: new Set() }
    for (const number of closing) this.#table.files.delete(number)
  }

  find(number: number): Description | undefined {
    return this.#table.files.get(number)
  }

  open(number: number, absolute: string, closesOnExec: boolean): void {
    this.#table.files.set(number, { path: absolute, offset: 0, isListed: false })
    this.closeOnExec(number, closesOnExec)
  }

  duplicate(from: number, to: number, closesOnExec: boolean): void {
    const description = this.find(from)
    if (description === undefined) this.close(to)
    else this.#table.files.set(to, description)
    this.closeOnExec(to, closesOnExec)
  }

  close(number: number): void {
    this.#table.files.delete(number)
    this.#table.closing.delete(number)
  }

  closeOnExec(number: number, isSo: boolean): void {
    if (isSo) this.#table.closing.add(number)
    else this.#table.closing.delete(number)
  }

  changeDirectory(to: string): void {
    this.#place.directory = to
  }

  /** The absolute path of what a call names, relative to a directory's descriptor where it has one. */
  resolve(name: string, from?: string): string | undefined {
    const base = from === undefined ? this.#place.directory : this.directoryOf(from)
    if (name.startsWith('/')) return path.posix.resolve(name)
    return base === undefined ? undefined : path.posix.resolve(base, name)
  }

  /** Of an argument such as `AT_FDCWD`, `3`, or `3</usr/lib>` as `-y` writes it. */
  directoryOf(argument: string): string | undefined {
    const told = /^[^<]*<(\/.*)>$/s.exec(argument)?.[1]
    if (told !== undefined) return told
    if (argument.startsWith('AT_FDCWD')) return this.#place.directory
    return this.find(Number.parseInt(argument, 10))?.path
  }
}
