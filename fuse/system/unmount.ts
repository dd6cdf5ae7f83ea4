// Takes a mount away: as root by umount2(2), as anyone else through fusermount3.
import { spawnSync } from 'node:child_process'
import { MNT_DETACH, MNT_FORCE, SystemCallError, umount, umountNow } from './libc.ts'
import { runFusermount } from './fusermount.ts'

export type UnmountResult = 'unmounted' | 'busy' | 'not-mounted'

export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/**
 * Unmounts what nobody uses.
 * @throws SystemCallError or PotluckError where it failed for another reason than being in use
 */
export async function unmount(path: string): Promise<UnmountResult> {
  if (!isRoot()) return runUnmount(['-u', '--', path])
  try {
    await umount(path, 0)
    return 'unmounted'
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error
    if (error.code === 'EBUSY') return 'busy'
    if (error.code === 'EINVAL' || error.code === 'ENOENT') return 'not-mounted'
    throw error
  }
}

/**
 * Takes the mount out of the tree now; who still has files open there keeps them. With `abort`,
 * which only root can ask for, every request that waits in it fails at once.
 */
export async function unmountLazily(
  path: string,
  options: { abort?: boolean } = {},
): Promise<void> {
  if (isRoot()) await umount(path, MNT_DETACH | (options.abort === true ? MNT_FORCE : 0))
  else await runUnmount(['-u', '-z', '--', path])
}

async function runUnmount(options: readonly string[]): Promise<UnmountResult> {
  const { status, errors } = await runFusermount(options)
  if (status === 0) return 'unmounted'
  return /not found in|not mounted/.test(errors) ? 'not-mounted' : 'busy'
}

/** For a process that is about to end and can't wait: lazily, aborting, in this thread. */
export function unmountNow(path: string): void {
  if (isRoot()) umountNow(path, MNT_DETACH | MNT_FORCE)
  else spawnSync('fusermount3', ['-u', '-z', '-q', '--', path], { stdio: 'ignore' })
}
