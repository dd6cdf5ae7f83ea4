// Changes of one inode, by a path of it or by a descriptor that is open.
import fs, { constants } from 'node:fs'
import type { AttributeChanges, Caller, Time } from '../../../src/ports/changes.ts'
import type { InodeChange } from '../../../src/ports/writable-source.ts'
import { actAs } from './act-as.ts'
import { call, openAt, text } from './libc.ts'
import { type Done, openFlags } from './name-changes.ts'
import { type Held, holdTarget, inodeEffect, pathOf, type TargetPlace } from './places.ts'

const AT_EMPTY_PATH = 0x1000
const UTIME_NOW = 0x3fffffffn
const UTIME_OMIT = 0x3ffffffen
const UNCHANGED = 0xffff_ffff
const XATTR_FLAGS = { set: 0, create: 1, replace: 2 } as const
const O_TMPFILE = 0o20200000
const O_CLOEXEC = 0o2000000

/** @throws Error with the errno's name as its code */
export function changeInode(change: InodeChange, place: TargetPlace, caller: Caller): Done {
  return holdTarget(change.on, place, (held) => {
    switch (change.type) {
      case 'setattr':
        actAs(caller, () => setAttributes(held, change.changes))
        return { effects: [inodeEffect(held, change.changes.size !== undefined)] }
      case 'setxattr': {
        const { name, value, mode } = change
        const flags = XATTR_FLAGS[mode]
        actAs(caller, () => call('setxattr', pathOf(held), text(name), value, value.length, flags))
        return { effects: [inodeEffect(held, false)] }
      }
      case 'removexattr':
        actAs(caller, () => call('removexattr', pathOf(held), text(change.name)))
        return { effects: [inodeEffect(held, false)] }
      case 'open':
        return open(change, held, caller)
      case 'tmpfile':
        return makeTemporary(change, held, caller)
      case 'sync-directory':
        syncDirectory(held)
        return { effects: [] }
    }
  })
}

/** In the order in which one may undo another: a new owner takes setuid away. */
function setAttributes(held: Held, changes: AttributeChanges): void {
  const { uid, gid, mode, size, atime, mtime } = changes
  if (uid !== undefined || gid !== undefined) {
    const owner = [uid ?? UNCHANGED, gid ?? UNCHANGED]
    call('fchownat', held.descriptor, text(''), ...owner, AT_EMPTY_PATH)
  }
  if (mode !== undefined) fs.chmodSync(pathOf(held).subarray(0, -1), mode)
  if (size !== undefined && held.isHandle) call('ftruncate', held.descriptor, size)
  else if (size !== undefined) call('truncate', pathOf(held), size)
  if (atime === undefined && mtime === undefined) return
  const times = BigInt64Array.of(...timeOf(atime), ...timeOf(mtime))
  call('utimensat', held.descriptor, text(''), times, AT_EMPTY_PATH)
}

function timeOf(time: Time | undefined): [bigint, bigint] {
  if (time === undefined) return [0n, UTIME_OMIT]
  if (time === 'now') return [0n, UTIME_NOW]
  return [BigInt(time.seconds), BigInt(time.nanos)]
}

function open({ how }: InodeChange & { readonly type: 'open' }, held: Held, caller: Caller): Done {
  const flags = openFlags(how) | constants.O_NONBLOCK | constants.O_NOCTTY
  const path = pathOf(held).subarray(0, -1)
  const truncate = how.truncate ? constants.O_TRUNC : 0
  const descriptor = actAs(caller, () => fs.openSync(path, flags | truncate))
  return { descriptor, effects: how.truncate ? [inodeEffect(held, true)] : [] }
}

function makeTemporary(
  { how, mode }: InodeChange & { readonly type: 'tmpfile' },
  directory: Held,
  caller: Caller,
): Done {
  const flags = openFlags(how) | O_TMPFILE | O_CLOEXEC
  const path = pathOf(directory).subarray(0, -1).toString('latin1')
  const descriptor = actAs(caller, () => openAt(-1, path, { flags, mode }))
  try {
    // It has no name by which its inode's number could say where it is mounted: as its directory.
    const at = directory.inode.indexOf('@')
    const suffix = at < 0 ? '' : directory.inode.slice(at)
    const { ino } = fs.fstatSync(descriptor, { bigint: true })
    const held = { descriptor, inode: `${ino}${suffix}`, isHandle: true }
    return { descriptor, effects: [inodeEffect(held, false)] }
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
}

function syncDirectory(held: Held): void {
  const path = pathOf(held).subarray(0, -1)
  const descriptor = fs.openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
