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
  { volume, unflushed }: Writing,
  { lock, wait, call }: Asked & { readonly wait: boolean },
): Promise<Reply> {
  if (lock.kind !== 'none') unflushed.onLock(call.header.nodeid)
  await volume.lock(call.header.nodeid, lock, asked(call, { wait }))
  return status(0)
}

/** A lock that was granted when nobody waited for it any more. */
export async function dropLock({ volume }: Writing, { lock, call }: Asked): Promise<void> {
  if (lock.kind === 'none') return
  await volume.lock(call.header.nodeid, { ...lock, kind: 'none' }, { wait: false })
}
