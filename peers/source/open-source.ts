import fs from 'node:fs'
import { constants } from 'node:fs'
import type { Log } from '../../src/base/log.ts'
import { Calls } from './system/calls.ts'
import { Directories } from './directories.ts'
import { DirectorySource, type DirectorySourceParts } from './directory-source.ts'
import { Files } from './files.ts'
import { Root } from './system/root.ts'
import { Storage } from './system/storage.ts'
import { WritableDirectorySource } from './writing/writable-directory-source.ts'

export type DirectorySourceInit = {
  /** As given by the user, in the file system's encoding; it may be a symbolic link itself. */
  readonly directory: string
  /** How long one system call may take before whoever waits gets ETIMEDOUT. @default 30,000 ms */
  readonly timeoutMs?: number
  /** System calls at a time. @default as many as libuv has threads, less a fifth for others */
  readonly concurrency?: number
  /** Directories and files kept open, each at most so many. @default 256 */
  readonly descriptors?: number
  /** @default nothing is logged */
  readonly log?: Log
}

/**
 * Opens a directory as a source. What is mounted over it afterwards does not hide it from us.
 *
 * @throws PotluckError ENOENT, ENOTDIR, EACCES, ...: what opening the directory said; ETIMEDOUT
 *   where even that hung
 */
export async function openDirectorySource(init: DirectorySourceInit): Promise<DirectorySource> {
  return new DirectorySource(await openParts(init))
}

/**
 * Opens a directory that will be changed, too.
 *
 * @throws PotluckError as `openDirectorySource`; EROFS where the storage is mounted read-only
 */
export async function openWritableSource(
  init: DirectorySourceInit,
): Promise<WritableDirectorySource> {
  const source = new WritableDirectorySource(await openParts(init), init.log ?? (() => undefined))
  await source.checkWritable().catch(async (error: unknown) => {
    await source.close()
    throw error
  })
  return source
}

async function openParts(init: DirectorySourceInit): Promise<DirectorySourceParts> {
  const { directory, timeoutMs = 30_000, descriptors = 256, log = () => undefined } = init
  const concurrency = init.concurrency ?? defaultConcurrency()
  const calls = new Calls({ concurrency, timeoutMs, log })
  const root = new Root(await openRoot(directory, calls))
  const storage = new Storage(calls, root)
  const { dev: rootDevice } = await storage.fstat('', root.descriptor)
  const directories = new Directories({ root, rootDevice, storage, capacity: descriptors })
  const files = new Files({ directories, storage, capacity: descriptors })
  // A quarter is left for reads, which a large directory would otherwise keep waiting.
  const listingConcurrency = Math.max(1, Math.ceil(concurrency * 0.75))
  const shared = { root, rootDevice, calls, storage, directories, files }
  return { ...shared, listingConcurrency, timeoutMs }
}

function openRoot(directory: string, calls: Calls): Promise<number> {
  const path = Buffer.from(directory).toString('latin1')
  return calls.run<number>({
    operation: 'lookup',
    path,
    start: (done) => fs.open(directory, constants.O_RDONLY | constants.O_DIRECTORY, done),
    discard: (late) => fs.close(late),
  })
}

/** More at a time than there are threads would only wait inside libuv, where nobody sees them. */
function defaultConcurrency(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  return Math.max(1, Math.floor(threads * 0.8))
}
