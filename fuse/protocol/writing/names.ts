// Requests that make, move or remove a name.
import { type Body, type Message, readName, readNames, readU64 } from '../message.ts'
import { OPEN_KILL_SUIDGID } from '../flags.ts'
import type { Operation } from '../operations.ts'

type Decoded = Operation | undefined

/** The rest of a body behind a structure of so many bytes. */
function behind({ start, end }: Body, bytes: number): Body {
  return { start: start + bytes, end }
}

export function decodeSymlink(message: Message, body: Body): Decoded {
  const names = readNames(message, body)
  return names && { type: 'symlink', name: names[0], target: names[1] }
}

/** `struct fuse_mknod_in`. */
export function decodeMknod(message: Message, body: Body): Decoded {
  const { view } = message
  const name = readName(message, behind(body, 16))
  if (name === undefined) return undefined
  return {
    type: 'mknod',
    name,
    mode: view.getUint32(body.start, true),
    rdev: view.getUint32(body.start + 4, true),
    umask: view.getUint32(body.start + 8, true) & 0o777,
  }
}

/** `struct fuse_mkdir_in`. */
export function decodeMkdir(message: Message, body: Body): Decoded {
  const { view } = message
  const name = readName(message, behind(body, 8))
  if (name === undefined) return undefined
  return {
    type: 'mkdir',
    name,
    mode: view.getUint32(body.start, true) & 0o7777,
    umask: view.getUint32(body.start + 4, true) & 0o777,
  }
}

export function decodeUnlink(type: 'unlink' | 'rmdir') {
  return (message: Message, body: Body): Decoded => {
    const name = readName(message, body)
    return name === undefined ? undefined : { type, name }
  }
}

export function decodeLink(message: Message, body: Body): Decoded {
  const name = readName(message, behind(body, 8))
  const linked = readU64(message.view, body.start)
  if (name === undefined || !Number.isSafeInteger(linked)) return undefined
  return { type: 'link', linked, name }
}

/** `struct fuse_rename_in`. */
export function decodeRename(message: Message, body: Body): Decoded {
  return rename(message, body, { bytes: 8, flags: 0 })
}

/** `struct fuse_rename2_in`. */
export function decodeRename2(message: Message, body: Body): Decoded {
  const flags = message.view.getUint32(body.start + 8, true)
  return rename(message, body, { bytes: 16, flags })
}

function rename(
  message: Message,
  body: Body,
  { bytes, flags }: { bytes: number; flags: number },
): Decoded {
  const names = readNames(message, behind(body, bytes))
  const newParent = readU64(message.view, body.start)
  if (names === undefined || !Number.isSafeInteger(newParent)) return undefined
  return { type: 'rename', name: names[0], newParent, newName: names[1], flags }
}

/** `struct fuse_create_in`, which CREATE and TMPFILE have in common. */
function readCreate({ view }: Message, { start }: Body) {
  return {
    flags: view.getUint32(start, true),
    mode: view.getUint32(start + 4, true) & 0o7777,
    umask: view.getUint32(start + 8, true) & 0o777,
  }
}

export function decodeCreate(message: Message, body: Body): Decoded {
  const name = readName(message, behind(body, 16))
  if (name === undefined) return undefined
  const openFlags = message.view.getUint32(body.start + 12, true)
  const dropsPrivileges = (openFlags & OPEN_KILL_SUIDGID) !== 0
  return { type: 'create', name, ...readCreate(message, body), dropsPrivileges }
}

/** The name behind it means nothing. */
export function decodeTmpfile(message: Message, body: Body): Decoded {
  return { type: 'tmpfile', ...readCreate(message, body) }
}
