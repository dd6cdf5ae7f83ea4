// Locks of byte ranges and of whole files.
import type { LockRange } from '../../../src/ports/changes.ts'
import type { Options } from '../../../src/volume/volume.ts'
import type { Reply } from '../../protocol/reply.ts'
import { asked, type Call } from '../calls.ts'
import { status } from '../context.ts'
import type { Held } from './lock-owners.ts'
import type { Writing } from './writing.ts'

type Asked = { readonly lock: LockRange; readonly call: Call }

export async function getlk({ volume }: Writing, { lock, call }: Asked): Promise<Reply> {
  const conflicting = await volume.conflictingLock(call.header.nodeid, lock, call)
  return { type: 'lock', lock: conflicting ?? { ...lock, kind: 'none' } }
}

export async function setlk(
  { volume, unflushed, lockOwners }: Writing,
  { handle, lock, wait, call }: Asked & { readonly handle: number; readonly wait: boolean },
): Promise<Reply> {
  if (lock.kind !== 'none') unflushed.onLock(call.header.nodeid)
  lockOwners.onLock(handle, call.header.nodeid, lock)
  await volume.lock(call.header.nodeid, lock, asked(call, { wait }))
  return status(0)
}

/** Drops all that is still locked by what is over. */
export async function dropLocks(
  { volume }: Writing,
  held: readonly Held[],
  options: Options = {},
): Promise<void> {
  const drops = held.map(({ nodeid, owner, isFlock }) => {
    const whole = { from: 0, to: Number.POSITIVE_INFINITY, pid: 0 }
    return volume.lock(
      nodeid,
      { ...whole, kind: 'none', owner, isFlock },
      { ...options, wait: false },
    )
  })
  await Promise.all(drops)
}

/** A lock that was granted when nobody waited for it any more. */
export async function dropLock({ volume }: Writing, { lock, call }: Asked): Promise<void> {
  if (lock.kind === 'none') return
  await volume.lock(call.header.nodeid, { ...lock, kind: 'none' }, { wait: false })
}
