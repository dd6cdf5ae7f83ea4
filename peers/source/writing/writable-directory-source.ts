// A directory that can be changed, too. It is the reading source with threads that write.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Log } from '../../../src/base/log.ts'
import type { Inode, Path } from '../../../src/ports/messages.ts'
import type {
  At,
  Change,
  ChangeOptions,
  FileChange,
  InodeChange,
  NameChange,
  Outcome,
  Target,
  WritableSource,
} from '../../../src/ports/writable-source.ts'
import { DirectorySource, type DirectorySourceParts } from '../directory-source.ts'
import { checkName, joinPath, nameOf, parentOf, splitPath } from '../paths.ts'
import { placeOf } from '../system/root.ts'
import type { TargetPlace } from './places.ts'
import type { ThreadTask } from './thread-messages.ts'
import { Threads } from './threads.ts'

/** Changes made at a time; each has a thread of 5 MB or so once it was needed. */
const THREADS = 8
/** Files open for writing at a time, of all nodes that write through this one. */
const HANDLES = 65_536

type OpenHandle = { readonly descriptor: number; readonly inode: Inode; readonly path: Path }

export class WritableDirectorySource extends DirectorySource implements WritableSource {
  readonly #parts: DirectorySourceParts
  readonly #threads: Threads
  readonly #handles = new Map<number, OpenHandle>()
  #nextHandle = 1

  constructor(parts: DirectorySourceParts, log: Log) {
    super(parts)
    const { storage, timeoutMs } = parts
    this.#parts = parts
    const discard = (descriptor: number): void => void storage.close(descriptor)
    this.#threads = new Threads({ threads: THREADS, timeoutMs, log, discard })
  }

  /** @throws PotluckError EROFS where nothing can be written to the storage at all */
  async checkWritable(): Promise<void> {
    const root = placeOf(this.#parts.root.descriptor)
    const error = await access(root, constants.W_OK).catch((thrown: unknown) => thrown)
    if (error !== undefined && (error as NodeJS.ErrnoException).code === 'EROFS') {
      throw new PotluckError('EROFS', 'the storage is mounted read-only', { cause: error })
    }
  }

  get openHandles(): number {
    return this.#handles.size
  }

  change(change: Change, options: ChangeOptions): Promise<Outcome> {
    switch (change.type) {
      case 'close':
        return this.#close(change.handle)
      case 'read':
      case 'write':
      case 'allocate':
      case 'copy':
      case 'seek':
      case 'sync':
        return this.begin('', options, () => this.#changeFile(change, options))
      case 'setattr':
      case 'setxattr':
      case 'removexattr':
      case 'open':
      case 'tmpfile':
      case 'sync-directory':
        return this.begin(change.on.path, options, () => this.#changeInode(change, options))
      default:
        return this.begin(change.at.path, options, () => this.#changeName(change, options))
    }
  }

  override async close(): Promise<void> {
    const handles = [...this.#handles.keys()]
    await Promise.all(handles.map((handle) => this.#close(handle)))
    await this.#threads.close()
    await super.close()
  }

  async #changeName(change: NameChange, options: ChangeOptions): Promise<Outcome> {
    const { at } = change
    checkName(at.name, at.path)
    const path = joinPath(at.path, at.name)
    const work = (task: ThreadTask): Promise<Outcome> => this.#run(path, task, options)
    const outcome = await this.#withDirectory(at, (directory) => {
      const places = { at: directory }
      if (change.type === 'rename') {
        checkName(change.from.name, change.from.path)
        return this.#withDirectory(change.from, (from) =>
          work({ kind: 'name', change, places: { ...places, from } }),
        )
      }
      if (change.type === 'link') {
        return this.#withTarget(change.from, (target) =>
          work({ kind: 'name', change, places: { ...places, target } }),
        )
      }
      return work({ kind: 'name', change, places })
    })
    this.#forgetMoved(change)
    return outcome
  }

  /** What is open by a path that leads elsewhere now must not be found by it any more. */
  #forgetMoved(change: NameChange): void {
    const { directories } = this.#parts
    const { type, at } = change
    if (type !== 'rename' && type !== 'rmdir') return
    directories.forgetTree(joinPath(at.path, at.name))
    if (type === 'rename') directories.forgetTree(joinPath(change.from.path, change.from.name))
  }

  #changeInode(change: InodeChange, options: ChangeOptions): Promise<Outcome> {
    const { path } = change.on
    return this.#withTarget(change.on, (places) =>
      this.#run(path, { kind: 'inode', change, places }, options),
    )
  }

  #changeFile(
    change: Exclude<FileChange, { type: 'close' }>,
    options: ChangeOptions,
  ): Promise<Outcome> {
    const file = this.#held(change.type === 'sync' ? change.handle : change.of.handle)
    const places = change.type === 'copy' ? { file, to: this.#held(change.to.handle) } : { file }
    return this.#run(file.path, { kind: 'file', change, places }, options)
  }

  async #run(path: Path, task: ThreadTask, { caller }: ChangeOptions): Promise<Outcome> {
    const isOpening = ['create', 'open', 'tmpfile'].includes(task.change.type)
    if (isOpening && this.#handles.size >= HANDLES) {
      throw new PotluckError('ENFILE', `more than ${HANDLES} files are open for writing`)
    }
    const { descriptor, ...outcome } = await this.#threads.run(path, { task, caller })
    if (descriptor === undefined) return outcome
    const { effects } = outcome
    const inode = inodeOf(task, effects)
    const handle = this.#nextHandle++
    this.#handles.set(handle, { descriptor, inode, path })
    return { ...outcome, handle }
  }

  #withDirectory<R>(
    { directory: inode, path }: At,
    work: (directory: { descriptor: number; inode: Inode; path: Path }) => Promise<R>,
  ): Promise<R> {
    splitPath(path)
    const { directories } = this.#parts
    return directories.use(path, (descriptor) => work({ descriptor, inode, path }))
  }

  #withTarget<R>({ path, handle }: Target, work: (place: TargetPlace) => Promise<R>): Promise<R> {
    if (handle !== undefined) {
      return work({ descriptor: this.#held(handle).descriptor, name: undefined })
    }
    splitPath(path)
    const name = path === '' ? '.' : nameOf(path)
    return this.#parts.directories.use(parentOf(path), (descriptor) => work({ descriptor, name }))
  }

  #held(handle: number): OpenHandle & { readonly isHandle: true } {
    const held = this.#handles.get(handle)
    if (held === undefined) throw new PotluckError('EBADF', `no file has the handle ${handle}`)
    return { ...held, isHandle: true }
  }

  async #close(handle: number): Promise<Outcome> {
    const { descriptor } = this.#held(handle)
    this.#handles.delete(handle)
    await this.#parts.storage.close(descriptor)
    return { effects: [] }
  }
}

/** Which inode was opened. */
function inodeOf(task: ThreadTask, effects: Outcome['effects']): Inode {
  if (task.kind === 'inode' && task.change.type === 'open') return task.change.on.inode
  for (const effect of effects) {
    const isRemoved = effect.type === 'inode' && effect.attributes.nlink === 0
    if (isRemoved) return effect.inode
  }
  for (const effect of effects) {
    if (effect.type === 'inode') return effect.inode
    if (effect.entry !== undefined) return effect.entry.attributes.inode
  }
  throw new PotluckError('EIO', 'a file was opened that nobody knows')
}
