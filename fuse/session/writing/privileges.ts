// Set-user-id and set-group-id bits, which go when a file is written to, cut or given away by one
// who may not have them. The kernel says when (HANDLE_KILLPRIV_V2); it says so with *every* write of
// an ordinary user, so that what is known to have no such bits is remembered.
import type { Attributes } from '../../../src/ports/messages.ts'
import type { KernelInvalidation, Nodeid } from '../../../src/volume/volume.ts'
import type { Call } from '../calls.ts'
import type { Writing } from './writing.ts'

const SET_USER_ID = 0o4000
const SET_GROUP_ID = 0o2000
const GROUP_EXECUTE = 0o010

const MAX_PLAIN = 65_536

/** The mode without such bits, undefined where it has none. A directory's mean something else. */
function withoutPrivileges({ type, mode }: Attributes): number | undefined {
  if (type === 'directory') return undefined
  const isGroupId = (mode & SET_GROUP_ID) !== 0 && (mode & GROUP_EXECUTE) !== 0
  const dropped = mode & ~SET_USER_ID & ~(isGroupId ? SET_GROUP_ID : 0)
  return dropped === mode ? undefined : dropped
}

/** As root does it: the one who writes need not be the one who may chmod. */
const ROOT = { uid: 0, gid: 0, groups: [], umask: 0 }

export class Privileges {
  readonly #writing: Writing
  /** Inodes that were seen without such bits, and have not changed since. */
  readonly #plain = new Set<Nodeid>()

  constructor(writing: Writing) {
    this.#writing = writing
  }

  /** The mode that an inode has without them; undefined where it need not change. */
  async modeWithout(nodeid: Nodeid, call: Call): Promise<number | undefined> {
    const { attributes } = await this.#writing.volume.getattr(nodeid, call)
    return withoutPrivileges(attributes)
  }

  /** Drops them. A promise only where an inode must be looked at. */
  drop(nodeid: Nodeid, call: Call): Promise<void> | void {
    if (!this.#plain.has(nodeid)) return this.#drop(nodeid, call)
  }

  async #drop(nodeid: Nodeid, call: Call): Promise<void> {
    // Noted first: who makes it set-user-id meanwhile takes the note away again.
    if (this.#plain.size >= MAX_PLAIN) this.#plain.clear()
    this.#plain.add(nodeid)
    try {
      const mode = await this.modeWithout(nodeid, call)
      if (mode !== undefined) await this.#chmod(nodeid, mode, call)
    } catch (error) {
      this.#plain.delete(nodeid)
      throw error
    }
  }

  async #chmod(nodeid: Nodeid, mode: number, call: Call): Promise<void> {
    const options = { ...this.#writing.change(call, {}), caller: ROOT }
    await this.#writing.volume.setattr(nodeid, { mode }, options)
  }

  /** Drops set-group-id alone, as a new access control list by one who is not in the group does. */
  async dropGroup(nodeid: Nodeid, call: Call): Promise<void> {
    const { attributes } = await this.#writing.volume.getattr(nodeid, call)
    if ((attributes.mode & SET_GROUP_ID) === 0) return
    await this.#chmod(nodeid, attributes.mode & ~SET_GROUP_ID, call)
  }

  /** Its mode may have changed, or the number may stand for something else. */
  forget(nodeid: Nodeid): void {
    this.#plain.delete(nodeid)
  }

  onInvalidation(invalidation: KernelInvalidation): void {
    if (invalidation.type === 'everything') this.#plain.clear()
    else if (invalidation.type === 'inode') this.forget(invalidation.nodeid)
  }
}
