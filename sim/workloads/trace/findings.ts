// What one call tells of the tree, and what it does to the process's open files: a table of system
// calls, each a few lines. Mapping a file, and running it, counts as reading what was mapped, as
// shared objects are read that way.
import type { OpenFiles } from './open-files.ts'
import { type StraceCall, unquote } from './strace-line.ts'

/** Paths are absolute. */
export type Finding =
  | { readonly type: 'absent'; readonly path: string }
  /** It is there; `bytes` where its size was seen. */
  | {
      readonly type: 'found'
      readonly path: string
      readonly isDirectory: boolean
      readonly bytes: number | undefined
      /** By its name, and not through a descriptor. */
      readonly isLookup: boolean
    }
  | { readonly type: 'list'; readonly path: string }
  | { readonly type: 'read'; readonly path: string; readonly from: number; readonly length: number }
  | {
      readonly type: 'mapped'
      readonly path: string
      readonly from: number
      readonly length: number
    }

type Interpreter = (call: StraceCall, files: OpenFiles) => Finding | undefined

/** The first pages of a program's file, which the kernel reads to start it; the rest is mapped. */
const EXECUTED_BYTES = 128 * 1024

/** @returns undefined where the call says nothing about a path */
export function findingOf(call: StraceCall, files: OpenFiles): Finding | undefined {
  return INTERPRETERS.get(call.name)?.(call, files)
}

const INTERPRETERS: ReadonlyMap<string, Interpreter> = new Map<string, Interpreter>([
  ...named('open creat', (call, files) => opened(call, files, undefined)),
  ...named('openat openat2', (call, files) => opened(shifted(call), files, call.arguments[0])),
  ...named('stat lstat access readlink', (call, files) => looked(call, files, undefined)),
  ...named('newfstatat fstatat64 statx faccessat faccessat2 readlinkat', (call, files) =>
    looked(shifted(call), files, call.arguments[0]),
  ),
  ...named('execve', executed),
  ...named('fstat', (call, files) => {
    const path = files.find(number(call, 0))?.path
    return path === undefined ? undefined : found(call, path, false)
  }),
  ...named('read readv', (call, files) => {
    const description = files.find(number(call, 0))
    if (description === undefined || call.result <= 0) return undefined
    const from = description.offset
    description.offset += call.result
    return { type: 'read', path: description.path, from, length: call.result }
  }),
  ...named('pread64 preadv', (call, files) => {
    const path = files.find(number(call, 0))?.path
    if (path === undefined || call.result <= 0) return undefined
    return {
      type: 'read',
      path,
      from: number(call, call.arguments.length - 1),
      length: call.result,
    }
  }),
  ...named('mmap mmap2', (call, files) => {
    const path = files.find(number(call, 4))?.path
    if (path === undefined || call.error !== undefined) return undefined
    return { type: 'mapped', path, from: number(call, 5), length: number(call, 1) }
  }),
  ...named('getdents getdents64', (call, files) => {
    const description = files.find(number(call, 0))
    if (description === undefined || description.isListed) return undefined
    description.isListed = true
    return { type: 'list', path: description.path }
  }),
  ...named('lseek', (call, files) => {
    const description = files.find(number(call, 0))
    if (description !== undefined && call.result >= 0) description.offset = call.result
    return undefined
  }),
  ...named('close', (call, files) => nothing(files.close(number(call, 0)))),
  ...named('dup dup2 dup3', (call, files) => {
    const closes = call.arguments.some((each) => each.includes('O_CLOEXEC'))
    if (call.result >= 0) files.duplicate(number(call, 0), call.result, closes)
    return undefined
  }),
  ...named('fcntl', (call, files) => {
    const [, command = '', value = ''] = call.arguments
    const from = number(call, 0)
    if (command === 'F_SETFD') files.closeOnExec(from, value.includes('FD_CLOEXEC'))
    else if (command.startsWith('F_DUPFD') && call.result >= 0) {
      files.duplicate(from, call.result, command.endsWith('CLOEXEC'))
    }
    return undefined
  }),
  ...named('chdir', (call, files) => {
    const to = files.resolve(unquote(call.arguments[0]) ?? '.')
    if (call.result === 0 && to !== undefined) files.changeDirectory(to)
    return undefined
  }),
  ...named('fchdir', (call, files) => {
    const to = files.directoryOf(call.arguments[0] ?? '')
    if (call.result === 0 && to !== undefined) files.changeDirectory(to)
    return undefined
  }),
])

function named(names: string, interpret: Interpreter): [string, Interpreter][] {
  return names.split(' ').map((name) => [name, interpret])
}

/** The same call, without the directory's descriptor in front. */
function shifted(call: StraceCall): StraceCall {
  return { ...call, arguments: call.arguments.slice(1) }
}

function opened(call: StraceCall, files: OpenFiles, from: string | undefined): Finding | undefined {
  const path = files.resolve(unquote(call.arguments[0]) ?? '', from)
  const flags = call.arguments[1] ?? ''
  if (path === undefined) return undefined
  if (call.result < 0) return missing(call, path)
  files.open(call.result, path, flags.includes('O_CLOEXEC'))
  const isDirectory = flags.includes('O_DIRECTORY')
  return { type: 'found', path, isDirectory, bytes: undefined, isLookup: true }
}

function looked(call: StraceCall, files: OpenFiles, from: string | undefined): Finding | undefined {
  const name = unquote(call.arguments[0])
  if (name === undefined) return undefined
  // An empty name stands for the descriptor itself (AT_EMPTY_PATH).
  if (name === '' && from !== undefined) {
    const path = files.directoryOf(from)
    return path === undefined || call.result < 0 ? undefined : found(call, path, false)
  }
  const path = files.resolve(name, from)
  if (path === undefined) return undefined
  return call.result < 0 ? missing(call, path) : found(call, path, true)
}

function executed(call: StraceCall, files: OpenFiles): Finding | undefined {
  const path = files.resolve(unquote(call.arguments[0]) ?? '')
  if (path === undefined) return undefined
  if (call.result !== 0) return missing(call, path)
  files.replace()
  return { type: 'mapped', path, from: 0, length: EXECUTED_BYTES }
}

function found(call: StraceCall, path: string, isLookup: boolean): Finding {
  const text = call.arguments.join(',')
  const size = /\bstx?_size=(\d+)/.exec(text)?.[1]
  const isDirectory = /\bstx?_mode=S_IFDIR/.test(text)
  const bytes = size === undefined ? undefined : Number(size)
  return { type: 'found', path, isDirectory, bytes, isLookup }
}

function missing({ error }: StraceCall, path: string): Finding | undefined {
  return error === 'ENOENT' || error === 'ENOTDIR' ? { type: 'absent', path } : undefined
}

function number(call: StraceCall, index: number): number {
  return Number.parseInt(
    call.arguments[index] ?? '',
    call.arguments[index]?.startsWith('0x') ? 16 : 10,
  )
}

function nothing(_done: void): undefined {
  return undefined
}
