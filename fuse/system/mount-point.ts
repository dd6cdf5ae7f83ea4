// Checks a mount point before it is used, and clears away what a crash left on it.
import { lstat, opendir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Log } from '../../src/base/log.ts'
import { PotluckError } from '../../src/base/errors.ts'
import { type MountedAt, mountedAt } from './mount-table.ts'
import { unmountLazily } from './unmount.ts'

export const FUSE_TYPE = 'fuse.potluck'

/** A mount that does not answer `stat` in this time is neither dead nor of any use. */
const PROBE_MS = 3000
const MAX_STALE = 16

export type MountPointOptions = {
  /** Mount over a directory that has files in it, which are hidden until it is unmounted. */
  readonly nonempty?: boolean
  readonly log: Log
}

/**
 * Makes sure that a directory can be mounted on, and lazily unmounts what a crash left there.
 * @returns its absolute path without symbolic links
 * @throws PotluckError ENOENT, ENOTDIR, EEXIST (not empty), EBUSY (already mounted) or EACCES
 */
export async function prepareMountPoint(
  mountPoint: string,
  options: MountPointOptions,
): Promise<string> {
  const path = await resolveMountPoint(mountPoint, options)
  await clearStale(path, options)
  await checkDirectory(path, options)
  return path
}

/**
 * Lazily unmounts what a crash left on a directory, if anything is there at all.
 * @throws PotluckError EBUSY where what is there is alive
 */
export async function clearCrashed(directory: string, log: Log): Promise<void> {
  const absolute = resolve(directory)
  const parent = await realpath(dirname(absolute)).catch(() => undefined)
  if (parent !== undefined) await clearStale(join(parent, basename(absolute)), { log })
}

/**
 * The parent is resolved first, since the mount point itself may be dead. Where nothing dead is on
 * it, it may be a symbolic link and is resolved once more.
 */
async function resolveMountPoint(mountPoint: string, { log }: MountPointOptions): Promise<string> {
  const absolute = resolve(mountPoint)
  try {
    const path = join(await realpath(dirname(absolute)), basename(absolute))
    if (mountedAt(path) !== undefined) return path
    const target = (await lstat(path)).isSymbolicLink() ? await realpath(path) : path
    if (target !== path) log('debug', `the mount point ${path} leads to ${target}`)
    return target
  } catch (error) {
    throw explain(error, mountPoint)
  }
}

async function clearStale(path: string, { log }: MountPointOptions): Promise<void> {
  for (let cleared = 0; cleared < MAX_STALE; cleared++) {
    const mounted = mountedAt(path)
    if (mounted === undefined || !mounted.type.startsWith('fuse')) return
    const state = await probe(path)
    if (state !== 'dead') return refuseLive(path, mounted, state)
    log('warn', `${path} was left mounted by a crash: unmounting it`, { source: mounted.source })
    await unmountLazily(path)
  }
  throw new PotluckError('EBUSY', `${path} has more than ${MAX_STALE} dead mounts on it`)
}

function refuseLive(path: string, mounted: MountedAt, state: 'alive' | 'silent'): void {
  if (mounted.type !== FUSE_TYPE && state === 'alive') return
  const name = mounted.source.replace(/^potluck:/, '')
  const silent = state === 'silent' ? ', which does not answer,' : ''
  throw new PotluckError(
    'EBUSY',
    `${path} is already mounted: ${name} (${mounted.type})${silent} is there. ` +
      `Unmount it with 'fusermount3 -u ${path}', or choose another mount point`,
  )
}

/** Only ever called on what the mount table says is FUSE; a dead one answers at once. */
async function probe(path: string): Promise<'alive' | 'dead' | 'silent'> {
  const { promise: timeout, resolve: onTimeout } = Promise.withResolvers<'silent'>()
  const timer = setTimeout(() => onTimeout('silent'), PROBE_MS)
  const answer = lstat(path).then(
    () => 'alive' as const,
    (error: NodeJS.ErrnoException) =>
      error.code === 'ENOTCONN' || error.code === 'ECONNABORTED' ? 'dead' : 'alive',
  )
  try {
    return await Promise.race([answer, timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function checkDirectory(path: string, { nonempty }: MountPointOptions): Promise<void> {
  let isEmpty: boolean
  try {
    await using directory = await opendir(path)
    isEmpty = (await directory.read()) === null
  } catch (error) {
    throw explain(error, path)
  }
  if (isEmpty || nonempty === true) return
  throw new PotluckError(
    'EEXIST',
    `the mount point ${path} is not empty: choose an empty directory, or mount over the source itself`,
  )
}

/** What went wrong with a path, with the path, and what to do. */
function explain(error: unknown, path: string): PotluckError {
  const { code, message } = error as NodeJS.ErrnoException
  const cause = { cause: error }
  switch (code) {
    case 'ENOENT':
      return new PotluckError('ENOENT', `the mount point ${path} is not there: create it`, cause)
    case 'ENOTDIR':
      return new PotluckError('ENOTDIR', `the mount point ${path} is not a directory`, cause)
    case 'EACCES':
      return new PotluckError('EACCES', `the mount point ${path} may not be read`, cause)
    case 'ENOTCONN':
      return new PotluckError(
        'EIO',
        `the mount point ${path} lies inside a dead mount: unmount that one first`,
        cause,
      )
    default:
      return new PotluckError('EIO', `the mount point ${path} can't be used: ${message}`, cause)
  }
}
