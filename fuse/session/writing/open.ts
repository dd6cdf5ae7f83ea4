// Opening for more than reading: OPEN, CREATE and TMPFILE.
import { constants } from 'node:fs'
import type { OpenMode } from '../../../src/ports/changes.ts'
import type { OpenFile } from '../../../src/volume/volume.ts'
import {
  FOPEN,
  OPEN_ACCESS_MODE,
  OPEN_APPEND,
  OPEN_EXCLUSIVE,
  OPEN_READ_WRITE,
  OPEN_TRUNCATE,
  OPEN_WRITE_ONLY,
} from '../../protocol/flags.ts'
import type { Operation } from '../../protocol/operations.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { Call } from '../calls.ts'
import { type Context, failure } from '../context.ts'
import { refusalOf } from '../reading/directories.ts'
import type { Writing } from './writing.ts'

type Of<T extends Operation['type']> = Extract<Operation, { type: T }>

/** open(2) flags as a volume is told of them. */
export function openModeOf(flags: number): OpenMode {
  const access = flags & OPEN_ACCESS_MODE
  return {
    access: access === OPEN_WRITE_ONLY ? 'write' : access === 0 ? 'read' : 'both',
    append: (flags & OPEN_APPEND) !== 0,
    truncate: (flags & OPEN_TRUNCATE) !== 0,
    // Not the same bit on every architecture.
    direct: (flags & constants.O_DIRECT) !== 0,
  }
}

type Opened = { readonly flags: number; readonly file: OpenFile }

/**
 * The handle, and what the kernel may keep. Not what is appended, unless it writes back: others append,
 * too, and then its pages would have the bytes where it thought that the end was.
 */
function opened({ handles }: Context, { writesBack }: Writing, { flags, file }: Opened) {
  const { handle, directIo, keepCache } = file
  const isLog = (flags & OPEN_APPEND) !== 0 && (flags & OPEN_READ_WRITE) === 0
  const isDirect = directIo === true || (isLog && !writesBack)
  handles.add(handle, { isDirect })
  return { handle, flags: (isDirect ? FOPEN.DIRECT_IO : 0) | (keepCache ? FOPEN.KEEP_CACHE : 0) }
}

export async function openToWrite(
  context: Context,
  writing: Writing,
  { nodeid, flags, dropsPrivileges, call }: Of<'open'> & { nodeid: number; call: Call },
): Promise<Reply> {
  if (dropsPrivileges) await writing.privileges.drop(nodeid, call)
  const options = writing.change(call, {})
  const file = await writing.volume.openWith(nodeid, openModeOf(flags), options)
  return { type: 'opened', ...opened(context, writing, { flags, file }) }
}

export async function create(
  context: Context,
  writing: Writing,
  { name, flags, mode, umask, call }: Of<'create'> & { call: Call },
): Promise<Reply> {
  const { references, directories } = context
  const refusal = refusalOf(name)
  if (refusal !== undefined) return refusal
  const parent = call.header.nodeid
  const how = { ...openModeOf(flags), mode, isExclusive: (flags & OPEN_EXCLUSIVE) !== 0 }
  const options = writing.change(call, {}, umask)
  directories.changed(parent)
  const { entry, file } = await writing.volume.create({ parent, name }, how, options)
  directories.changed(parent)
  references.take(entry.nodeid, parent, name)
  return { type: 'created', entry, ...opened(context, writing, { flags, file }) }
}

export async function tmpfile(
  context: Context,
  writing: Writing,
  { flags, mode, umask, call }: Of<'tmpfile'> & { call: Call },
): Promise<Reply> {
  const parent = call.header.nodeid
  if ((flags & OPEN_ACCESS_MODE) === 0) return failure('EINVAL')
  const options = writing.change(call, {}, umask)
  const how = { ...openModeOf(flags), mode }
  const { entry, file } = await writing.volume.tmpfile(parent, how, options)
  context.references.take(entry.nodeid, parent, `#${entry.nodeid}`)
  return { type: 'created', entry, ...opened(context, writing, { flags, file }) }
}
