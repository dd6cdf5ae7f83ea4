// Locks of byte ranges and of whole files.
import type { LockRange } from '../../../src/ports/changes.ts'
import type { Options } from '../../../src/volume/volume.ts'
import type { Reply } from '../../protocol/reply.ts'
import { asked, type Call } from '../calls.ts'
import { type Context, status } from '../context.ts'
import type { Held } from './lock-owners.ts'
import type { Writing } from './writing.ts'

type Asked = { readonly lock: LockRange; readonly call: Call }

export async function getlk({ volume }: Writing, { lock, call }: Asked): Promise<Reply> {
  const conflicting = await volume.conflictingLock(call.header.nodeid, lock, call)
  return { type: 'lock', lock: conflicting ?? { ...lock, kind: 'none' } }
}

/** Whoever has a lock finds nothing in the kernel, of any file, from before the lock was had. */
export async function setlk(
  { whenForgotten }: Pick<Context, 'whenForgotten'>,
  { volume, unflushed, lockOwners }: Writing,
  { handle, lock, wait, call }: Asked & { readonly handle: number; readonly wait: boolean },
): Promise<Reply> {
  const { nodeid } = call.header
  if (lock.kind !== 'none') unflushed.onLock(nodeid)
  await lockOwners.whenDropped({ ...lock, nodeid })
  lockOwners.onLock(handle, nodeid, lock)
  await volume.lock(nodeid, lock, asked(call, { wait }))
  if (lock.kind !== 'none') await whenForgotten()
  return status(0)
}

/** Drops all that is still locked by what is over. */
export async function dropLocks(
  { volume, lockOwners }: Writing,
  held: readonly Held[],
  options: Options = {},
): Promise<void> {
  const drops = held.map((one) => {
    const { nodeid, owner, isFlock } = one
    const whole = { kind: 'none', from: 0, to: Number.POSITIVE_INFINITY, pid: 0 } as const
    const range = { ...whole, owner, isFlock }
    const dropped = volume.lock(nodeid, range, { ...options, wait: false })
    lockOwners.dropping(one, dropped)
    return dropped
  })
  await Promise.all(drops)
}

/** A lock that was granted when nobody waited for it any more. */
export async function dropLock({ volume }: Writing, { lock, call }: Asked): Promise<void> {
  if (lock.kind === 'none') return
  await volume.lock(call.header.nodeid, { ...lock, kind: 'none' }, { wait: false })
}
