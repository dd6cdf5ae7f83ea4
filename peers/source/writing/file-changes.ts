// What is done to open files, by their descriptors.
import fs from 'node:fs'
import type { Allocation, Caller } from '../../../src/ports/changes.ts'
import type { FileChange } from '../../../src/ports/writable-source.ts'
import { actAs } from './act-as.ts'
import { append, call } from './libc.ts'
import type { Done } from './name-changes.ts'
import { type Held, inodeEffect } from './places.ts'

const FALLOCATE: Readonly<Record<Allocation, number>> = {
  extend: 0,
  'keep-size': 1,
  'punch-hole': 3,
  zero: 0x10,
  'zero-keep-size': 0x11,
}
const WHENCE = { current: 1, data: 3, hole: 4 } as const

export type FilePlaces = {
  readonly file: Held
  /** Of a copy. */
  readonly to?: Held
}

/** @throws Error with the errno's name as its code */
export function changeFile(
  change: Exclude<FileChange, { type: 'close' }>,
  { file, to }: FilePlaces,
  caller: Caller,
): Done {
  const { descriptor } = file
  switch (change.type) {
    case 'read':
      return read(descriptor, change.of.from, change.length)
    case 'write': {
      const { of, bytes, isAppend } = change
      const written = actAs(caller, () =>
        isAppend ? appendAll(descriptor, bytes) : writeAll(descriptor, bytes, of.from),
      )
      return { ...written, effects: [inodeEffect(file, true)] }
    }
    case 'allocate': {
      const { how, of, length } = change
      actAs(caller, () => call('fallocate', descriptor, FALLOCATE[how], of.from, length))
      return { effects: [inodeEffect(file, true)] }
    }
    case 'copy':
      return copy(change, { file, to }, caller)
    case 'seek': {
      const offset = call('lseek', descriptor, change.of.from, WHENCE[change.for])
      return { offset, effects: [] }
    }
    case 'sync':
      if (change.dataOnly) fs.fdatasyncSync(descriptor)
      else fs.fsyncSync(descriptor)
      return { effects: [] }
  }
}

function read(descriptor: number, from: number, length: number): Done {
  const bytes = Buffer.allocUnsafeSlow(length)
  const count = fs.readSync(descriptor, bytes, 0, length, from)
  return { bytes: bytes.subarray(0, count), count, effects: [] }
}

type Written = { readonly count: number; readonly offset: number }

function writeAll(descriptor: number, bytes: Uint8Array, offset: number): Written {
  const count = untilFull(bytes.length, (written) =>
    fs.writeSync(descriptor, bytes, written, bytes.length - written, offset + written),
  )
  return { count, offset }
}

/** Where the end was is known from where the descriptor stands afterwards: it is used for nothing else. */
function appendAll(descriptor: number, bytes: Uint8Array): Written {
  const own = bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes
  const count = untilFull(own.length, (written) => append(descriptor, own.subarray(written)))
  return { count, offset: call('lseek', descriptor, 0, WHENCE.current) - count }
}

/** Fewer than all only where the room ran out on the way; with none at all that is an error. */
function untilFull(length: number, write: (written: number) => number): number {
  let written = 0
  while (written < length) {
    try {
      written += write(written)
    } catch (error) {
      if (written === 0) throw error
      break
    }
  }
  return written
}

function copy(
  change: FileChange & { readonly type: 'copy' },
  { file, to }: { readonly file: Held; readonly to: Held | undefined },
  caller: Caller,
): Done {
  if (to === undefined) throw new Error('a copy has two files')
  const [from, into] = [
    BigInt64Array.of(BigInt(change.of.from)),
    BigInt64Array.of(BigInt(change.to.from)),
  ]
  const { length } = change
  const count = actAs(caller, () =>
    call('copyRange', file.descriptor, from, to.descriptor, into, length, 0),
  )
  return { count, effects: [inodeEffect(to, true)] }
}
