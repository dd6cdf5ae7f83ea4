// The operations that change something, by path. libfuse's high-level interface does not pass on who
// asks: all is done as the user that this process runs as. Nor has it locks (the kernel keeps them,
// for this machine alone), O_EXCL, RENAME_NOREPLACE and RENAME_EXCHANGE, fallocate or O_TMPFILE.
import type { AttributeChanges, Caller, NewName } from '../../src/ports/changes.ts'
import type { Nodeid, WritableVolume } from '../../src/volume/volume.ts'
import { typeBits } from '../protocol/attributes.ts'
import { OPEN_APPEND } from '../protocol/flags.ts'
import { openModeOf } from '../session/writing/open.ts'
import {
  answer,
  answerCount,
  type Callback,
  finish,
  resolving,
  resolvingParent,
  type Transfer,
} from './walk.ts'

const OPEN_CREATED = 0o2

export class NativeChanges {
  readonly #volume: WritableVolume
  readonly #appending = new Set<number>()

  constructor(volume: WritableVolume) {
    this.#volume = volume
  }

  get #options(): { readonly caller: Caller } {
    const caller = {
      uid: process.geteuid?.() ?? 0,
      gid: process.getegid?.() ?? 0,
      groups: process.getgroups?.() ?? [],
      // The kernel has taken the umask off already.
      umask: 0,
    }
    return { caller }
  }

  /** Makes a name; the reference that it gives is given back, as all are. */
  async #make(path: string, make: (at: NewName) => Promise<{ readonly nodeid: Nodeid }>) {
    const { nodeid } = await resolvingParent(this.#volume, path, make)
    this.#volume.forget(nodeid, 1)
  }

  names(): object {
    const volume = this.#volume
    return {
      mkdir: (path: string, mode: number, reply: Callback) =>
        finish(reply, () => this.#make(path, (at) => volume.mkdir(at, mode, this.#options))),
      mknod: (...[path, mode, , reply]: [string, number, number, Callback]) =>
        finish(reply, () => this.#make(path, (at) => this.#mknod(at, mode))),
      symlink: (target: string, path: string, reply: Callback) =>
        finish(reply, () =>
          this.#make(path, (at) => volume.symlink(at, bytes(target), this.#options)),
        ),
      link: (from: string, to: string, reply: Callback) =>
        finish(reply, () =>
          resolving(volume, from, (nodeid) =>
            this.#make(to, (at) => volume.link(nodeid, at, this.#options)),
          ),
        ),
      unlink: (path: string, reply: Callback) =>
        finish(reply, () =>
          resolvingParent(volume, path, (at) => volume.unlink(at, this.#options)),
        ),
      rmdir: (path: string, reply: Callback) =>
        finish(reply, () => resolvingParent(volume, path, (at) => volume.rmdir(at, this.#options))),
      rename: (from: string, to: string, reply: Callback) =>
        finish(reply, () => this.#rename(from, to)),
    }
  }

  #rename(from: string, to: string): Promise<void> {
    const options = { ...this.#options, mode: 'replace' } as const
    return resolvingParent(this.#volume, from, (source) =>
      resolvingParent(this.#volume, to, (target) => this.#volume.rename(source, target, options)),
    )
  }

  /** Devices it can't make: it passes their numbers on in an order of its own. */
  #mknod(at: NewName, mode: number) {
    const isFifo = (mode & 0o170000) === typeBits.fifo
    const node = { type: isFifo ? 'fifo' : 'file', mode: mode & 0o7777, rdev: 0 } as const
    return this.#volume.mknod(at, node, this.#options)
  }

  attributes(): object {
    const set = (path: string, changes: AttributeChanges) => () =>
      resolving(this.#volume, path, (nodeid) =>
        this.#volume.setattr(nodeid, changes, this.#options),
      )
    return {
      chmod: (path: string, mode: number, reply: Callback) =>
        finish(reply, set(path, { mode: mode & 0o7777 })),
      chown: (...[path, uid, gid, reply]: [string, number, number, Callback]) =>
        finish(reply, set(path, { ...given('uid', uid), ...given('gid', gid) })),
      truncate: (path: string, size: number, reply: Callback) => finish(reply, set(path, { size })),
      ftruncate: (...[path, , size, reply]: [string, number, number, Callback]) =>
        finish(reply, set(path, { size })),
      utimens: (...[path, atime, mtime, reply]: [string, number, number, Callback]) =>
        finish(reply, set(path, { atime: timeOf(atime), mtime: timeOf(mtime) })),
    }
  }

  contents(): object {
    const volume = this.#volume
    return {
      create: (path: string, mode: number, reply: Callback) => {
        answer(reply, async () => [await this.#create(path, mode)])
      },
      write: (...[, handle, buffer, length, from, reply]: Transfer) =>
        answerCount(reply, this.#write(handle, buffer.subarray(0, length), from)),
      flush: (_path: string, handle: number, reply: Callback) =>
        finish(reply, () => volume.flush(handle, { owner: 0n })),
      fsync: (...[, dataOnly, handle, reply]: [string, number, number, Callback]) =>
        finish(reply, () => volume.sync(handle, { dataOnly: dataOnly !== 0 })),
    }
  }

  async #create(path: string, mode: number): Promise<number> {
    const how = { ...openModeOf(OPEN_CREATED), mode: mode & 0o7777, isExclusive: false }
    const { entry, file } = await resolvingParent(this.#volume, path, (at) =>
      this.#volume.create(at, how, this.#options),
    )
    this.#volume.forget(entry.nodeid, 1)
    return file.handle
  }

  async #write(handle: number, content: Uint8Array, from: number): Promise<number> {
    const what = { from: this.#appending.has(handle) ? 'end' : from, bytes: content } as const
    return (await this.#volume.write(handle, what, this.#options)).length
  }

  /** Opens for more than reading. */
  async open(path: string, flags: number): Promise<number> {
    const { handle } = await resolving(this.#volume, path, (nodeid) =>
      this.#volume.openWith(nodeid, openModeOf(flags), this.#options),
    )
    if ((flags & OPEN_APPEND) !== 0) this.#appending.add(handle)
    return handle
  }

  closed(handle: number): void {
    this.#appending.delete(handle)
  }
}

function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** -1 says that it stays. */
function given<K extends 'uid' | 'gid'>(key: K, value: number): { [P in K]?: number } {
  return value === 0xffff_ffff || value < 0 ? {} : ({ [key]: value } as { [P in K]: number })
}

/** fuse-native has times in milliseconds. */
function timeOf(ms: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) }
}
