// The body of a request, one structure of linux/fuse.h for each opcode that is served.
import { OPEN_KILL_SUIDGID } from './flags.ts'
import { type Body, type Message, readName, readU64 } from './message.ts'
import { OPCODE } from './opcodes.ts'
import { changeDecoders } from './writing/decoders.ts'
import type { ChangeOperation } from './writing/operations.ts'

export type Forget = { readonly nodeid: number; readonly count: number }

export type Operation =
  | {
      readonly type: 'init'
      readonly major: number
      readonly minor: number
      readonly maxReadahead: number
      readonly flags: number
      readonly flags2: number
    }
  | { readonly type: 'lookup'; readonly name: string }
  | { readonly type: 'forget'; readonly forgets: readonly Forget[] }
  | { readonly type: 'getattr' }
  | { readonly type: 'readlink' }
  | { readonly type: 'open'; readonly flags: number; readonly dropsPrivileges: boolean }
  | {
      readonly type: 'read'
      readonly handle: number
      readonly from: number
      readonly length: number
    }
  | {
      readonly type: 'release'
      readonly handle: number
      /** Whose flock(2) goes with it. */
      readonly flockOwner?: bigint
    }
  | { readonly type: 'opendir' }
  | {
      readonly type: 'readdir'
      readonly handle: number
      readonly offset: number
      readonly length: number
      readonly plus: boolean
    }
  | { readonly type: 'releasedir'; readonly handle: number }
  | { readonly type: 'statfs' }
  | { readonly type: 'getxattr'; readonly name: string; readonly length: number }
  | { readonly type: 'listxattr'; readonly length: number }
  | {
      readonly type: 'lseek'
      readonly handle: number
      readonly offset: number
      readonly whence: number
    }
  | { readonly type: 'interrupt'; readonly unique: number }
  | { readonly type: 'destroy' }
  | ChangeOperation
  /** A place in a file that a double can't hold, 8 PiB and more: no file here is as large. */
  | { readonly type: 'too-large' }
  /** The kernel does without it once it was told ENOSYS. */
  | { readonly type: 'unsupported' }
  /** The kernel's answer to a notify: nobody waits for a reply. */
  | { readonly type: 'notify-reply' }
  | { readonly type: 'malformed' }

type Decode = (message: Message, body: Body) => Operation | undefined

export type Decoder = { readonly minBytes: number; readonly decode: Decode }

const MALFORMED: Operation = { type: 'malformed' }
const UNSUPPORTED: Operation = { type: 'unsupported' }

export function decodeOperation(opcode: number, message: Message, body: Body): Operation {
  const decoder = decoders.get(opcode)
  if (decoder === undefined) return UNSUPPORTED
  if (body.end - body.start < decoder.minBytes) return MALFORMED
  return decoder.decode(message, body) ?? MALFORMED
}

const INIT_IN_BYTES = 16
const INIT_IN_EXTENDED_BYTES = 20
const NAME_MAX = 255
const RELEASE_FLOCK_UNLOCK = 2

const decodeInit: Decode = ({ view }, { start, end }) => ({
  type: 'init',
  major: view.getUint32(start, true),
  minor: view.getUint32(start + 4, true),
  maxReadahead: view.getUint32(start + 8, true),
  flags: view.getUint32(start + 12, true),
  flags2: end - start >= INIT_IN_EXTENDED_BYTES ? view.getUint32(start + 16, true) : 0,
})

const decodeLookup: Decode = (message, body) => {
  const name = readName(message, body)
  return name === undefined ? undefined : { type: 'lookup', name }
}

const decodeForget: Decode = ({ view, start }, body) => ({
  type: 'forget',
  forgets: [{ nodeid: readU64(view, start + 16), count: readU64(view, body.start) }],
})

const decodeBatchForget: Decode = ({ view }, { start, end }) => {
  const count = view.getUint32(start, true)
  if (count * 16 > end - start - 8) return undefined
  const forgets = Array.from({ length: count }, (_, index) => {
    const at = start + 8 + index * 16
    return { nodeid: readU64(view, at), count: readU64(view, at + 8) }
  })
  return { type: 'forget', forgets }
}

/** `struct fuse_read_in`, which READ, READDIR and READDIRPLUS have in common. */
function readRange({ view }: Message, { start }: Body) {
  return {
    handle: readU64(view, start),
    offset: readU64(view, start + 8),
    length: view.getUint32(start + 16, true),
  }
}

const decodeRead: Decode = (message, body) => {
  const { handle, offset, length } = readRange(message, body)
  return Number.isSafeInteger(offset) ? { type: 'read', handle, from: offset, length } : undefined
}

function readdirDecoder(plus: boolean): Decode {
  return (message, body) => {
    const range = readRange(message, body)
    return Number.isSafeInteger(range.offset) ? { type: 'readdir', ...range, plus } : undefined
  }
}

const decodeGetxattr: Decode = (message, { start, end }) => {
  const name = readName(message, { start: start + 8, end })
  if (name === undefined || name.length > NAME_MAX) return undefined
  return { type: 'getxattr', name, length: message.view.getUint32(start, true) }
}

const decodeLseek: Decode = ({ view }, { start }) => {
  const offset = readU64(view, start + 8)
  if (!Number.isSafeInteger(offset)) return undefined
  const handle = readU64(view, start)
  return { type: 'lseek', handle, offset, whence: view.getUint32(start + 16, true) }
}

const decodeOpen: Decode = ({ view }, { start }) => ({
  type: 'open',
  flags: view.getUint32(start, true),
  dropsPrivileges: (view.getUint32(start + 4, true) & OPEN_KILL_SUIDGID) !== 0,
})

const decodeRelease: Decode = ({ view }, { start }) => {
  const handle = readU64(view, start)
  if ((view.getUint32(start + 12, true) & RELEASE_FLOCK_UNLOCK) === 0) {
    return { type: 'release', handle }
  }
  return { type: 'release', handle, flockOwner: view.getBigUint64(start + 16, true) }
}

function constant(operation: Operation): Decoder {
  return { minBytes: 0, decode: () => operation }
}

const decoders: ReadonlyMap<number, Decoder> = new Map<number, Decoder>([
  [OPCODE.INIT, { minBytes: INIT_IN_BYTES, decode: decodeInit }],
  [OPCODE.LOOKUP, { minBytes: 2, decode: decodeLookup }],
  [OPCODE.FORGET, { minBytes: 8, decode: decodeForget }],
  [OPCODE.BATCH_FORGET, { minBytes: 8, decode: decodeBatchForget }],
  [OPCODE.GETATTR, constant({ type: 'getattr' })],
  [OPCODE.READLINK, constant({ type: 'readlink' })],
  [OPCODE.OPEN, { minBytes: 8, decode: decodeOpen }],
  [OPCODE.READ, { minBytes: 40, decode: decodeRead }],
  [OPCODE.RELEASE, { minBytes: 24, decode: decodeRelease }],
  [OPCODE.OPENDIR, constant({ type: 'opendir' })],
  [OPCODE.READDIR, { minBytes: 40, decode: readdirDecoder(false) }],
  [OPCODE.READDIRPLUS, { minBytes: 40, decode: readdirDecoder(true) }],
  [
    OPCODE.RELEASEDIR,
    {
      minBytes: 24,
      decode: ({ view }, { start }) => ({ type: 'releasedir', handle: readU64(view, start) }),
    },
  ],
  [OPCODE.STATFS, constant({ type: 'statfs' })],
  [OPCODE.GETXATTR, { minBytes: 10, decode: decodeGetxattr }],
  [
    OPCODE.LISTXATTR,
    {
      minBytes: 8,
      decode: ({ view }, { start }) => ({ type: 'listxattr', length: view.getUint32(start, true) }),
    },
  ],
  [OPCODE.LSEEK, { minBytes: 24, decode: decodeLseek }],
  [
    OPCODE.INTERRUPT,
    {
      minBytes: 8,
      decode: ({ view }, { start }) => ({ type: 'interrupt', unique: readU64(view, start) }),
    },
  ],
  [OPCODE.DESTROY, constant({ type: 'destroy' })],
  [OPCODE.NOTIFY_REPLY, constant({ type: 'notify-reply' })],
  ...changeDecoders,
])
