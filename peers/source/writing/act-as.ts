// Acting as another user, in this thread alone. glibc's own setgroups and the like would change all
// threads of the process; these are the bare system calls.
import type { Caller } from '../../../src/ports/changes.ts'
import { libraryOfThreads as library } from './libc.ts'

/** By machine: x64 and arm64 number their calls differently. */
const NUMBERS = {
  x64: { setgroups: 116, setfsuid: 122, setfsgid: 123, capget: 125, capset: 126 },
  arm64: { setgroups: 159, setfsuid: 151, setfsgid: 152, capget: 90, capset: 91 },
} as const

const CLONE_FS = 0x200
const CAPABILITY_VERSION = 0x20080522
/** Ignores quotas, and so must go while we act as a user who does not. */
const CAP_SYS_RESOURCE = 1 << 24

const numbers = process.arch === 'arm64' ? NUMBERS.arm64 : NUMBERS.x64
const unshare = library.func('int unshare(int flags)')
const setUmask = library.func('uint umask(uint mask)')
const withNumber = library.func('long syscall(long number, ...)')
const ownUid = process.geteuid?.() ?? 0
const ownGid = process.getegid?.() ?? 0
const ownGroups = process.getgroups?.() ?? []
const isRoot = ownUid === 0

let umask = -1

/** Gives this thread a umask of its own. To be called once, before `actAs`. */
export function prepareThread(): void {
  if (unshare(CLONE_FS) !== 0) throw new Error('unshare(CLONE_FS) failed')
}

/** Does something as the caller where this process may; else as the user that it is run by. */
export function actAs<T>(caller: Caller, work: () => T): T {
  if (umask !== caller.umask) {
    setUmask(caller.umask)
    umask = caller.umask
  }
  if (!isRoot || (caller.uid === ownUid && caller.gid === ownGid)) return work()
  become(caller)
  try {
    return work()
  } finally {
    become({ uid: ownUid, gid: ownGid, groups: ownGroups })
  }
}

function become({ uid, gid, groups }: Pick<Caller, 'uid' | 'gid' | 'groups'>): void {
  const list = Uint32Array.from(groups)
  const isSet = withNumber(numbers.setgroups, 'size_t', list.length, 'void *', list) === 0
  withNumber(numbers.setfsgid, 'uint', gid)
  withNumber(numbers.setfsuid, 'uint', uid)
  const isNow =
    withNumber(numbers.setfsgid, 'int', -1) === gid &&
    withNumber(numbers.setfsuid, 'int', -1) === uid
  keepResources(uid === 0)
  if (isSet && isNow) return
  throw Object.assign(new Error(`can't act as user ${uid}`), { code: 'EPERM' })
}

function keepResources(isKept: boolean): void {
  const header = Uint32Array.of(CAPABILITY_VERSION, 0)
  const sets = new Uint32Array(6)
  if (withNumber(numbers.capget, 'void *', header, 'void *', sets) !== 0) return
  const [effective = 0, permitted = 0] = sets
  const mask = isKept ? permitted & CAP_SYS_RESOURCE : 0
  sets[0] = (effective & ~CAP_SYS_RESOURCE) | mask
  withNumber(numbers.capset, 'void *', header, 'void *', sets)
}
