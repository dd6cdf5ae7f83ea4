// Locks of byte ranges and of whole files.
import type { LockRange } from '../../../src/ports/changes.ts'
import type { Reply } from '../../protocol/reply.ts'
import { asked, type Call } from '../calls.ts'
import { status } from '../context.ts'
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
  lockOwners.onLock(handle, lock)
  await volume.lock(call.header.nodeid, lock, asked(call, { wait }))
  return status(0)
}

/** All that hangs on a handle which is over. */
export async function dropLocksOf(
  { volume, lockOwners }: Writing,
  { handle, flockOwner, call }: { handle: number; flockOwner?: bigint; call: Call },
): Promise<void> {
  const drop = (owner: bigint, isFlock: boolean) => {
    const lock = { kind: 'none', from: 0, to: Infinity, owner, pid: 0, isFlock } as const
    return volume.lock(call.header.nodeid, lock, asked(call, { wait: false }))
  }
  const drops = lockOwners.onRelease(handle).map((owner) => drop(owner, false))
  if (flockOwner !== undefined) drops.push(drop(flockOwner, true))
  await Promise.all(drops)
}

/** A lock that was granted when nobody waited for it any more. */
export async function dropLock({ volume }: Writing, { lock, call }: Asked): Promise<void> {
  if (lock.kind === 'none') return
  await volume.lock(call.header.nodeid, { ...lock, kind: 'none' }, { wait: false })
}
