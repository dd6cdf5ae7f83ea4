// The operations that change something, on a volume that takes changes. Each is done on behalf of
// the program that asked; what it gave is taken back where the answer found nobody.
//
// What this room must never do: check permissions (the kernel has, by `default_permissions`, and the
// source does), tell this mount's own kernel what it has just been told by it, or wait for a notify.
//
// This file: what the operations of one mount have in common.
import type { Caller } from '../../../src/ports/changes.ts'
import type { ChangeOptions, WritableVolume } from '../../../src/volume/volume.ts'
import type { Header } from '../../protocol/request.ts'
import type { Call } from '../calls.ts'
import { CallerGroups } from './caller-groups.ts'
import { LockOwners } from './lock-owners.ts'
import { Privileges } from './privileges.ts'
import { Unflushed } from './unflushed.ts'

/** How the kernel names a user or group that it has no number for, as when it writes pages back. */
const NOBODY_IN_PARTICULAR = 0xffff_ffff

export class Writing {
  readonly volume: WritableVolume
  /** The kernel keeps what is written until it sees fit. */
  readonly writesBack: boolean
  readonly privileges: Privileges
  readonly unflushed = new Unflushed()
  readonly lockOwners = new LockOwners()
  readonly #groups = new CallerGroups()

  constructor(volume: WritableVolume, options: { readonly writeBack?: boolean }) {
    this.volume = volume
    this.writesBack = options.writeBack ?? false
    this.privileges = new Privileges(this)
  }

  /** What the volume is asked with. `umask` is of those operations that make something. */
  change<T extends object>(call: Call, more: T, umask = 0): T & ChangeOptions {
    return {
      get signal() {
        return call.signal
      },
      caller: this.#callerOf(call.header, umask),
      asker: this,
      ...more,
    }
  }

  /** Groups are looked up when somebody asks: most changes depend on none. */
  #callerOf(header: Header, umask: number): Caller {
    const groups = this.#groups
    return {
      uid: header.uid === NOBODY_IN_PARTICULAR ? 0 : header.uid,
      gid: header.gid === NOBODY_IN_PARTICULAR ? 0 : header.gid,
      umask,
      get groups() {
        return groups.of(header)
      },
    }
  }
}
