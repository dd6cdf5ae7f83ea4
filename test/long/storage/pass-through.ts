// A directory as a volume that keeps nothing: every lookup, stat, open and read of a program comes
// here. Mounted beneath a peer, it is the slow storage as that storage sees it, outside of the
// project's own counting; and it errs and hangs where a rule says so.
import fs from 'node:fs'
import { join } from 'node:path'
import { attributesOf } from '../../../peers/source/attributes.ts'
import { type ErrnoCode, isErrorCode, PotluckError } from '../../../src/base/errors.ts'
import type { SourceUsage } from '../../../src/ports/source.ts'
import type {
  Absent,
  DirectoryEntry,
  Entry,
  OpenFile,
  Valid,
  Volume,
} from '../../../src/volume/volume.ts'

export type StorageCall = 'lookup' | 'getattr' | 'readlink' | 'open' | 'read' | 'opendir'

/** Told of each call before it is done; it may throw, or make it wait. `from` is a read's offset. */
export type Gate = (call: StorageCall, path: string, from: number) => Promise<void> | undefined

type OnBytes = (path: string, from: number, bytes: number) => void
type Range = { readonly from: number; readonly length: number }

export class PassThrough implements Volume {
  readonly name = 'storage'
  readonly blockBytes = 1 << 20
  readonly #root: string
  readonly #gate: Gate
  readonly #onBytes: OnBytes
  /** A name that stands for another file than before is another inode to the kernel. */
  readonly #nodeids = new Map<string, number>()
  readonly #paths = new Map<number, string>([[1, '']])
  readonly #files = new Map<number, { descriptor: number; path: string }>()
  readonly #directories = new Map<number, { path: string; entries: readonly DirectoryEntry[] }>()
  #nextHandle = 1

  constructor(root: string, gate: Gate, onBytes: OnBytes) {
    this.#root = root
    this.#gate = gate
    this.#onBytes = onBytes
  }

  async lookup(parent: number, name: string): Promise<Entry | Absent> {
    const path = below(this.#path(parent), name)
    await this.#gate('lookup', path, 0)
    try {
      return this.#entry(path)
    } catch (error) {
      if (error instanceof PotluckError && error.code === 'ENOENT') return { nodeid: 0, validMs: 0 }
      throw error
    }
  }

  async getattr(nodeid: number): Promise<Valid & Pick<Entry, 'attributes'>> {
    const path = this.#path(nodeid)
    await this.#gate('getattr', path, 0)
    return { validMs: 0, attributes: this.#attributes(path) }
  }

  async readlink(nodeid: number): Promise<string> {
    const path = this.#path(nodeid)
    await this.#gate('readlink', path, 0)
    return asked(() => fs.readlinkSync(this.#place(path), 'latin1'))
  }

  async open(nodeid: number): Promise<OpenFile> {
    const path = this.#path(nodeid)
    await this.#gate('open', path, 0)
    const descriptor = asked(() => fs.openSync(this.#place(path), 'r'))
    const handle = this.#nextHandle++
    this.#files.set(handle, { descriptor, path })
    return { handle, keepCache: false, directIo: true }
  }

  async read(handle: number, { from, length }: Range): Promise<readonly Uint8Array[]> {
    const file = this.#files.get(handle)
    if (file === undefined) throw new PotluckError('EBADF', `no file has the handle ${handle}`)
    const { descriptor, path } = file
    await this.#gate('read', path, from)
    const bytes = Buffer.allocUnsafe(length)
    const count = asked(() => fs.readSync(descriptor, bytes, 0, length, from))
    this.#onBytes(path, from, count)
    return count === 0 ? [] : [bytes.subarray(0, count)]
  }

  release(handle: number): void {
    const file = this.#files.get(handle)
    this.#files.delete(handle)
    if (file !== undefined) fs.closeSync(file.descriptor)
  }

  async opendir(nodeid: number): Promise<number> {
    const path = this.#path(nodeid)
    await this.#gate('opendir', path, 0)
    const names = asked(() => fs.readdirSync(this.#place(path), 'latin1'))
    const here = this.#attributes(path)
    const all = ['.', '..', ...names].flatMap((name, index): DirectoryEntry[] => {
      if (index < 2) return [{ name, attributes: here, nextOffset: index + 1 }]
      const attributes = this.#attributesIfThere(below(path, name))
      return attributes === undefined ? [] : [{ name, attributes, nextOffset: index + 1 }]
    })
    const handle = this.#nextHandle++
    this.#directories.set(handle, { path, entries: all })
    return handle
  }

  readdir(handle: number, offset: number): readonly DirectoryEntry[] {
    const { entries = [] } = this.#directories.get(handle) ?? {}
    return entries.filter(({ nextOffset }) => nextOffset > offset)
  }

  /** Not to be believed for a moment, as all that is said here: who wants to know it asks again. */
  reference(handle: number, { name }: DirectoryEntry): Entry {
    return this.#entry(below(this.#directories.get(handle)?.path ?? '', name))
  }

  releasedir(handle: number): void {
    this.#directories.delete(handle)
  }

  async statfs(): Promise<SourceUsage> {
    const { bsize, blocks, bfree, bavail, files, ffree } = fs.statfsSync(this.#root)
    const counts = { blocks, blocksFree: bfree, blocksAvailable: bavail, files, filesFree: ffree }
    return { blockBytes: bsize, ...counts }
  }

  async getxattr(): Promise<never> {
    throw new PotluckError('ENOTSUP', 'this storage has no extended attributes')
  }

  async listxattr(): Promise<never> {
    throw new PotluckError('ENOTSUP', 'this storage has no extended attributes')
  }

  forget(): void {}

  inodeNumber(inode: string): bigint {
    return BigInt(inode)
  }

  subscribe(): () => void {
    return () => undefined
  }

  #entry(path: string): Entry {
    const attributes = this.#attributes(path)
    const key = `${attributes.inode} ${path}`
    const nodeid = this.#nodeids.get(key) ?? this.#nodeids.size + 2
    this.#nodeids.set(key, nodeid)
    this.#paths.set(nodeid, path)
    return { nodeid, validMs: 0, attributes }
  }

  #path(nodeid: number): string {
    const path = this.#paths.get(nodeid)
    if (path === undefined) throw new PotluckError('ESTALE', `no inode ${nodeid}`)
    return path
  }

  #place(path: string): Buffer {
    return Buffer.from(join(Buffer.from(this.#root).toString('latin1'), path), 'latin1')
  }

  #attributes(path: string) {
    return asked(() => attributesOf(fs.lstatSync(this.#place(path), { bigint: true }), ''))
  }

  #attributesIfThere(path: string) {
    try {
      return this.#attributes(path)
    } catch {
      // It went away between its name and this.
      return undefined
    }
  }
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`
}

/** What the system refuses, in the words that a volume has for it. */
function asked<T>(call: () => T): T {
  try {
    return call()
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const known: ErrnoCode = isErrno(code) ? code : 'EIO'
    throw new PotluckError(known, `the directory beneath: ${code}`, { cause })
  }
}

function isErrno(code: string | undefined): code is ErrnoCode {
  return isErrorCode(code) && code.startsWith('E')
}
