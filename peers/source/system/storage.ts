// What we ask of the kernel, in one place.
import fs from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { Path } from '../../../src/ports/messages.ts'
import type { Calls, Done } from './calls.ts'
import type { Root } from './root.ts'

/** Where in memory, one after the other, and from where in the file the bytes of one read call belong. */
type ReadTarget = { readonly buffers: readonly Buffer[]; readonly position: number }

/**
 * The system calls we make on the storage, each bounded and counted by `calls`. `path` says for
 * messages what is meant, `place` finds it for the kernel.
 */
export class Storage {
  readonly #calls: Calls
  readonly #root: Root

  constructor(calls: Calls, root: Root) {
    this.#calls = calls
    this.#root = root
  }

  /** Finds a directory without opening it. */
  lookup(path: Path, place: Buffer, flags: number): Promise<number> {
    return this.#descriptorOf('lookup', path, { place, flags })
  }

  /** @throws PotluckError as `check` */
  async open(path: Path, place: Buffer, flags: number): Promise<number> {
    return this.check(path, await this.#descriptorOf('open', path, { place, flags }))
  }

  /**
   * The same descriptor, or closes it.
   *
   * @throws PotluckError as Root.check, where what was opened does not lie at `path`
   */
  async check(path: Path, descriptor: number): Promise<number> {
    try {
      this.#root.check(descriptor, path)
      return descriptor
    } catch (error) {
      await this.close(descriptor)
      throw error
    }
  }

  fstat(path: Path, descriptor: number): Promise<BigIntStats> {
    const start = (done: Done<BigIntStats>): void => fs.fstat(descriptor, { bigint: true }, done)
    return this.#calls.run({ operation: 'fstat', path, start })
  }

  lstat(path: Path, place: Buffer): Promise<BigIntStats> {
    const start = (done: Done<BigIntStats>): void => fs.lstat(place, { bigint: true }, done)
    return this.#calls.run({ operation: 'lstat', path, start })
  }

  /** A symbolic link's target as a byte string. */
  readlink(path: Path, place: Buffer): Promise<string> {
    return this.#calls.run<string>({
      operation: 'readlink',
      path,
      start: (done) => fs.readlink(place, 'latin1', done),
    })
  }

  /** Names as bytes: only so does Node look, where a file system gives no types, at the right file. */
  readdir(path: Path, place: Buffer): Promise<fs.Dirent<Buffer>[]> {
    return this.#calls.run<fs.Dirent<Buffer>[]>({
      operation: 'readdir',
      path,
      start: (done) => fs.readdir(place, { encoding: 'buffer', withFileTypes: true }, done),
    })
  }

  /** How many bytes were read, 0 at the end of the file. */
  read(path: Path, descriptor: number, { buffers, position }: ReadTarget): Promise<number> {
    return this.#calls.run<number>({
      operation: 'read',
      path,
      start: (done) => fs.readv(descriptor, buffers, position, done),
    })
  }

  statfs(place: Buffer): Promise<fs.StatsFs> {
    return this.#calls.run<fs.StatsFs>({
      operation: 'statfs',
      path: '',
      start: (done) => fs.statfs(place, done),
    })
  }

  /**
   * Not among the bounded calls: a descriptor must be given back even where the storage hangs. It
   * can't fail in a way that anybody could mend.
   */
  close(descriptor: number): Promise<void> {
    return new Promise((resolve) => fs.close(descriptor, () => resolve()))
  }

  #descriptorOf(
    operation: string,
    path: Path,
    { place, flags }: { place: Buffer; flags: number },
  ): Promise<number> {
    return this.#calls.run<number>({
      operation,
      path,
      start: (done) => fs.open(place, flags, done),
      discard: (late) => void this.close(late),
    })
  }
}
