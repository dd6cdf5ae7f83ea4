// Takes back what an answer gave that nobody received: the program was interrupted, or the mount
// went away meanwhile. What was made stays made; what the kernel would have held is given back.
import { codeOf } from '../../src/base/errors.ts'
import type { Reply } from '../protocol/reply.ts'
import type { Call } from './calls.ts'
import type { Context } from './context.ts'
import { dropLock, dropLocks } from './writing/locks.ts'

export function undo(context: Context, reply: Reply, call: Call): void {
  const { handles, directories, writing } = context
  const { operation } = call
  if (reply.type === 'entry') return forget(context, reply.entry.nodeid, 1)
  if (reply.type === 'opened' && operation.type === 'open') handles.release(reply.handle)
  else if (reply.type === 'opened') directories.release(reply.handle)
  else if (reply.type === 'created') {
    handles.release(reply.handle)
    forget(context, reply.entry.nodeid, 1)
  } else if (reply.type === 'directory') {
    for (const { entry } of reply.entries) if (entry !== undefined) forget(context, entry.nodeid, 1)
  } else if (operation.type === 'setlk' && writing !== undefined) {
    if (reply.type !== 'status' || reply.errno !== 0) return
    // A lock that can't be dropped goes with its lease.
    dropLock(writing, { lock: operation.lock, call }).catch(codeOf)
  }
}

/** The kernel gives references back, or never got them. */
export function forget(context: Context, nodeid: number, count: number): void {
  const { references, lazyFiles, lazyDirectories, directories, writing, volume } = context
  const dropped = references.drop(nodeid, count)
  if (dropped === 0) return
  if (!references.has(nodeid)) {
    lazyFiles?.drop(nodeid)
    lazyDirectories?.forget(nodeid)
    directories.forget(nodeid)
    writing?.privileges.forget(nodeid)
    writing?.unflushed.forget(nodeid)
  }
  volume.forget(nodeid, dropped)
}

/** Nobody is left who could unlock; what can't be dropped goes with its lease. */
export function dropAllLocks({ writing }: Context): void {
  if (writing === undefined) return
  dropLocks(writing, writing.lockOwners.onClose()).catch(codeOf)
}
