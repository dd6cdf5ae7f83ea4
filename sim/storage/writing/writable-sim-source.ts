// The simulated storage for nodes that write to it.
import type {
  Change,
  ChangeOptions,
  Outcome,
  WritableSource,
} from '../../../src/ports/writable-source.ts'
import { SimSource, type SimSourceInit } from '../source.ts'
import type { SimInode } from '../tree.ts'
import { changeFile, changeInode, type Ports } from './change-inodes.ts'
import { type Changed, changeName, fileOf } from './change-names.ts'

export class WritableSimSource extends SimSource implements WritableSource {
  readonly #init: SimSourceInit
  readonly #files = new Map<number, SimInode>()
  #nextHandle = 1

  constructor(init: SimSourceInit) {
    super(init)
    this.#init = init
  }

  get openHandles(): number {
    return this.#files.size
  }

  /** Made when the storage gets to it; answered when it says so, as everything that it is asked. */
  change(change: Change, options: ChangeOptions): Promise<Outcome> {
    return this.perform({ kind: 'change', path: pathOf(change) }, options, () => {
      const outcome = this.#make(change, options.caller.umask)
      for (const tell of this.#init.storage.watchers) tell(outcome.effects)
      const bytes = change.type === 'write' ? change.bytes.length : (outcome.bytes?.length ?? 0)
      return { weight: { operations: 1, bytes }, end: () => outcome }
    })
  }

  #make(change: Change, umask: number): Outcome {
    const { tree } = this.#init
    const ports: Ports = { tree, files: this.#files, bytesOf: (file) => this.bytesOf(file) }
    switch (change.type) {
      case 'close':
        fileOf(this.#files, change.handle)
        this.#files.delete(change.handle)
        return { effects: [] }
      case 'read':
      case 'write':
      case 'allocate':
      case 'copy':
      case 'seek':
      case 'sync':
        if (change.type === 'sync') fileOf(this.#files, change.handle)
        return changeFile(ports, change)
      case 'setattr':
      case 'setxattr':
      case 'removexattr':
      case 'open':
      case 'tmpfile':
      case 'sync-directory':
        return this.#opened(changeInode(ports, change, umask))
      default:
        return this.#opened(changeName(tree, change, { files: this.#files, umask }))
    }
  }

  #opened({ effects, opened }: Changed): Outcome {
    if (opened === undefined) return { effects }
    const handle = this.#nextHandle++
    this.#files.set(handle, opened)
    return { effects, handle }
  }
}

function pathOf(change: Change): string {
  if ('at' in change) return change.at.path
  return 'on' in change ? change.on.path : ''
}
