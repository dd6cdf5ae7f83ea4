// FUSE: mounts a volume, so that programs read it as files. The rooms below this file:
//
//   protocol/   the kernel's protocol as bytes: requests, replies, notifies
//   session/    requests → calls of the volume → replies; what the kernel holds
//   device/     /dev/fuse: requests come in, replies go out, notifies by threads of their own
//   system/     mount(2), fusermount3, mount points, what a crash left behind
//   native/     the second driver, on the fuse-native package
//
// Arrows go downwards and from here only. A node must never touch its own mount (stat, read, list)
// from the thread that serves it, and must unmount before the process ends.
import type { Mount, MountInit } from './driver.ts'
import { mountKernel } from './kernel-mount.ts'

export { clearCrashed } from './system/mount-point.ts'
export type { CloseReason, Mount, MountDriver, MountInit } from './driver.ts'

/**
 * Mounts a volume; resolves when the kernel is being served.
 * @throws PotluckError that names the path and says what to do
 */
export async function mountVolume(init: MountInit): Promise<Mount> {
  if (init.driver !== 'fuse-native') return mountKernel(init)
  const { mountNative } = await import('./native/native-mount.ts')
  return mountNative(init)
}
