// Changes of names in directories, each with what is so afterwards.
import fs, { constants } from 'node:fs'
import type { Caller, Node, OpenMode } from '../../../src/ports/changes.ts'
import type { Effect, NameChange } from '../../../src/ports/writable-source.ts'
import { actAs } from './act-as.ts'
import { call, openAt, text } from './libc.ts'
import {
  checkDirectory,
  type CheckedDirectory,
  type Directory,
  directoryEffect,
  entryAt,
  type Held,
  heldAttributes,
  holdName,
  holdTarget,
  inodeEffect,
  nameEffect,
  pathOf,
  type TargetPlace,
} from './places.ts'

const AT_FDCWD = -100
const AT_REMOVEDIR = 0x200
const AT_SYMLINK_FOLLOW = 0x400
const RENAME_FLAGS = { replace: 0, 'no-replace': 1, exchange: 2 } as const
const O_CLOEXEC = 0o2000000
/** O_NONBLOCK, since a pipe put where a file was would block the open for ever. */
const ALWAYS = O_CLOEXEC | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

const NODE_TYPES: Readonly<Record<Node['type'], number>> = {
  file: constants.S_IFREG,
  fifo: constants.S_IFIFO,
  socket: constants.S_IFSOCK,
  block: constants.S_IFBLK,
  character: constants.S_IFCHR,
}

export type NamePlaces = {
  readonly at: Directory
  /** Of a rename. */
  readonly from?: Directory
  /** Of a link. */
  readonly target?: TargetPlace
}

export type Done = {
  readonly effects: readonly Effect[]
  readonly descriptor?: number
  readonly count?: number
  readonly offset?: number
  readonly bytes?: Uint8Array
}

/** @throws Error with the errno's name as its code */
export function changeName(change: NameChange, places: NamePlaces, caller: Caller): Done {
  const directory = checkDirectory(places.at)
  const { name } = change.at
  const make = (made: () => void): Done => {
    actAs(caller, made)
    return { effects: [nameEffect(directory, name), directoryEffect(directory)] }
  }
  switch (change.type) {
    case 'create':
      return create(change, directory, caller)
    case 'mknod': {
      const { type, mode, rdev } = change.node
      const what = NODE_TYPES[type] | mode
      return make(() => call('mknodat', directory.descriptor, text(name), what, rdev))
    }
    case 'mkdir':
      return make(() => call('mkdirat', directory.descriptor, text(name), change.mode))
    case 'symlink':
      return make(() => call('symlinkat', text(change.target), directory.descriptor, text(name)))
    case 'link':
      return link(change, { ...places, at: directory }, caller)
    case 'unlink':
      return remove(directory, name, { flags: 0, caller, isKept: change.keep === true })
    case 'rmdir':
      return remove(directory, name, { flags: AT_REMOVEDIR, caller, isKept: false })
    case 'rename':
      return rename(change, { ...places, at: directory }, caller)
  }
}

export function openFlags(how: OpenMode): number {
  const access = { read: constants.O_RDONLY, write: constants.O_WRONLY, both: constants.O_RDWR }
  // Not O_APPEND: which writes go to the end, each write says.
  return access[how.access]
}

function create(
  change: NameChange & { readonly type: 'create' },
  directory: CheckedDirectory,
  caller: Caller,
): Done {
  const { how, mode, isExclusive, at } = change
  const flags =
    openFlags(how) |
    ALWAYS |
    constants.O_CREAT |
    (isExclusive ? constants.O_EXCL : 0) |
    (how.truncate ? constants.O_TRUNC : 0)
  const descriptor = actAs(caller, () => openAt(directory.descriptor, at.name, { flags, mode }))
  try {
    const effects = [nameEffect(directory, at.name), directoryEffect(directory)]
    const [named] = effects
    const entry = named?.type === 'name' ? named.entry : undefined
    if (entry === undefined || !how.truncate) return { descriptor, effects }
    const { attributes } = entry
    const inode = { type: 'inode', inode: attributes.inode, attributes, isContent: true } as const
    return { descriptor, effects: [...effects, inode] }
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
}

function link(
  change: NameChange & { readonly type: 'link' },
  { at: directory, target }: NamePlaces & { readonly at: CheckedDirectory },
  caller: Caller,
): Done {
  if (target === undefined) throw new Error('a link has a target')
  const { descriptor } = directory
  return holdTarget(change.from, target, (held) => {
    const name = text(change.at.name)
    actAs(caller, () => call('linkat', AT_FDCWD, pathOf(held), descriptor, name, AT_SYMLINK_FOLLOW))
    const named = nameEffect(directory, change.at.name)
    return { effects: [named, inodeEffect(held, false), directoryEffect(directory)] }
  })
}

type Removal = { readonly flags: number; readonly caller: Caller; readonly isKept: boolean }

function remove(directory: CheckedDirectory, name: string, removal: Removal): Done {
  const { flags, caller, isKept } = removal
  return holdName(directory, name, (held) =>
    keeping(isKept ? held : undefined, () => {
      actAs(caller, () => call('unlinkat', directory.descriptor, text(name), flags))
      const gone = { type: 'name', directory: directory.inode, name, entry: undefined } as const
      return { effects: [gone, ...lastSeen(held), directoryEffect(directory)] }
    }),
  )
}

/** Takes a name away from a file, which is left open where that was its last one. */
function keeping(held: Held | undefined, work: () => Done): Done {
  const descriptor = held === undefined ? undefined : openLast(held)
  if (descriptor === undefined) return work()
  try {
    return { ...work(), descriptor }
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
}

/** A regular file with one name; one that can't be opened is not kept. */
function openLast(held: Held): number | undefined {
  const { type, nlink } = heldAttributes(held)
  if (type !== 'file' || nlink !== 1) return undefined
  try {
    return fs.openSync(pathOf(held).subarray(0, -1), constants.O_RDONLY | constants.O_NOCTTY)
  } catch {
    return undefined
  }
}

/** What became of an inode that lost a name; storage that has dropped it already says nothing. */
function lastSeen(held: Held | undefined): Effect[] {
  if (held === undefined) return []
  try {
    return [inodeEffect(held, false)]
  } catch {
    return []
  }
}

function rename(
  change: NameChange & { readonly type: 'rename' },
  { at: to, from: old }: NamePlaces & { readonly at: CheckedDirectory },
  caller: Caller,
): Done {
  if (old === undefined) throw new Error('a rename has two directories')
  const from = checkDirectory(old)
  const [oldName, newName] = [change.from.name, change.at.name]
  const move = (replaced: Held | undefined): Done => {
    const flags = RENAME_FLAGS[change.mode]
    actAs(caller, () =>
      call('renameat2', from.descriptor, text(oldName), to.descriptor, text(newName), flags),
    )
    // Both are looked at: two names of one inode stay as they were.
    const moved = nameEffect(to, newName)
    const left = { type: 'name', directory: from.inode, name: oldName } as const
    const effects: Effect[] = [moved, { ...left, entry: entryAt(from, oldName) }]
    if (change.mode === 'replace') effects.push(...lastSeen(replaced))
    effects.push(directoryEffect(to))
    if (from.inode !== to.inode) effects.push(directoryEffect(from))
    return { effects }
  }
  return holdName(to, newName, (replaced) =>
    keeping(change.keep === true ? replaced : undefined, () => move(replaced)),
  )
}
