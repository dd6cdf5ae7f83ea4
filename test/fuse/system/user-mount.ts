// Mounting as an ordinary user, through fusermount3. Where /dev/fuse is not for everyone, a test
// widens its mode for its own time.
import { accessSync, chmodSync, constants, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { noProgram, type Reason } from '../../reasons.ts'
import { cannotMount } from '../real-mount.ts'

/** nobody */
export const UID = 65534
const DEVICE = '/dev/fuse'

/** The user's process needs to read this checkout. */
function cannotBeRead(): Reason {
  const script = `require('fs').accessSync(${JSON.stringify(import.meta.filename)})`
  const { status } = spawnSync(process.execPath, ['-e', script], { uid: UID, gid: UID })
  return status === 0 ? undefined : "another user can't read this checkout"
}

function cannotWiden(): Reason {
  try {
    accessSync(DEVICE, constants.W_OK)
    return undefined
  } catch {
    return `${DEVICE} is not ours to widen`
  }
}

export const whyNoUserMount: readonly Reason[] = [
  cannotMount,
  noProgram('fusermount3'),
  cannotMount === undefined ? cannotBeRead() : undefined,
  cannotWiden(),
]

export function widen(t: { teardown: (task: () => void) => void }): void {
  const { mode } = statSync(DEVICE)
  chmodSync(DEVICE, 0o666)
  t.teardown(() => chmodSync(DEVICE, mode & 0o7777))
}
