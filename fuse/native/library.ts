// The second driver: the fuse-native package (libfuse 2.9, path by path), for systems where the
// kernel's protocol can't be spoken directly, and as the baseline of benchmarks.
//
// What it can't do, and the README says: take an invalidation into the kernel (so timeouts are one
// second), names that are not UTF-8, times finer than a millisecond, requests above 128 KiB,
// interrupts, READDIRPLUS, negative entries; and of writing: who asks (all is done as this process's
// user), locks beyond this machine, an mtime that is not the atime, more than 4 KiB at once. Its library
// is loaded into this process for good.
//
// This file finds and loads it. Its own installation script, which npm no longer runs unasked,
// would have put libfuse where the loader finds it; the library lies in the package all the same.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import koffi from 'koffi'
import { PotluckError } from '../../src/base/errors.ts'

type Done = (error: Error | null) => void

/** What is used of fuse-native's class. */
export type NativeFuse = { mount(done: Done): void; unmount(done: Done): void }

export type NativeOptions = {
  readonly fsname: string
  readonly subtype: string
  readonly allowOther: boolean
  readonly defaultPermissions: boolean
  /** Seconds. */
  readonly entryTimeout: number
  readonly attrTimeout: number
  /** Milliseconds; false for none. */
  readonly timeout: false
}

export type NativeConstructor = new (
  mountPoint: string,
  operations: object,
  options: NativeOptions,
) => NativeFuse

const require = createRequire(import.meta.url)

/**
 * Loads the package.
 * @throws PotluckError ENOSYS where it is not installed, or has no library for this machine
 */
export function loadNative(): NativeConstructor {
  let folder: string
  try {
    folder = dirname(require.resolve('fuse-native/package.json'))
  } catch (error) {
    const message =
      "the fuse-native driver is not installed: it is an optional package ('npm install fuse-native')"
    throw new PotluckError('ENOSYS', message, { cause: error })
  }
  try {
    loadLibfuse(folder)
    return require('fuse-native') as NativeConstructor
  } catch (error) {
    const message =
      `the fuse-native driver can't be loaded: ${String(error)}. ` +
      "It needs libfuse 2 (Debian: 'apt install libfuse2')"
    throw new PotluckError('ENOSYS', message, { cause: error })
  }
}

/** The loader takes a library that is already there under the same name. */
function loadLibfuse(folder: string): void {
  const own = join(folder, 'prebuilds', `linux-${process.arch}`, 'libfuse.so')
  try {
    koffi.load('libfuse.so.2', { global: true })
  } catch {
    koffi.load(own, { global: true })
  }
}
