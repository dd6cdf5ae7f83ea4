// Opens the device and mounts it: by mount(2) as root, through fusermount3 as anyone else.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import type { Log } from '../../src/base/log.ts'
import { PotluckError } from '../../src/base/errors.ts'
import { MAX_IO_BYTES } from '../protocol/negotiate.ts'
import { mountThroughFusermount } from './fusermount.ts'
import { mount, MS_NOATIME, MS_NODEV, MS_NOSUID, MS_RDONLY, SystemCallError } from './libc.ts'
import { FUSE_TYPE } from './mount-point.ts'
import { mountedAt } from './mount-table.ts'
import { isRoot } from './unmount.ts'

/**
 * Every mount is a noatime one, and says so: what is read out of memory leaves no trace on the source.
 * Setting a time there for each open would cost it a call, and change the ctime that reading leaves.
 */
export type DeviceOptions = {
  readonly volumeName: string
  readonly allowOther: boolean
  /** Nothing can be changed, and the kernel need not ask. */
  readonly isReadOnly: boolean
  readonly log: Log
}

/** @returns the open device, mounted on `path`, which must have been prepared */
export async function mountDevice(path: string, options: DeviceOptions): Promise<number> {
  return isRoot() ? mountAsRoot(path, options) : mountAsUser(path, options)
}

function openDevice(): number {
  try {
    return openSync('/dev/fuse', 'r+')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const remedy =
      code === 'ENOENT' || code === 'ENODEV'
        ? "load the module with 'modprobe fuse', or give the container the device"
        : 'give the process (or its container) the right to open it'
    throw new PotluckError('EACCES', `/dev/fuse can't be opened (${message}): ${remedy}`, {
      cause: error,
    })
  }
}

async function mountAsRoot(path: string, options: DeviceOptions) {
  const { volumeName, allowOther, isReadOnly } = options
  const fd = openDevice()
  const words = [
    `fd=${fd},rootmode=40000,user_id=${process.geteuid?.() ?? 0},group_id=${process.getegid?.() ?? 0}`,
    `default_permissions,max_read=${MAX_IO_BYTES}`,
    ...(allowOther ? ['allow_other'] : []),
  ].join(',')
  const flags = (isReadOnly ? MS_RDONLY : 0) | MS_NOSUID | MS_NODEV | MS_NOATIME
  try {
    const source = `potluck:${volumeName}`
    await mount({ source, target: path, type: FUSE_TYPE, flags, options: words })
    return fd
  } catch (error) {
    closeSync(fd)
    throw explainMount(path, error)
  }
}

function explainMount(path: string, error: unknown): PotluckError {
  const cause = { cause: error }
  const code = error instanceof SystemCallError ? error.code : String(error)
  if (code !== 'EPERM') return new PotluckError('EIO', `${path} can't be mounted: ${code}`, cause)
  const remedy = 'the process needs CAP_SYS_ADMIN (a container has to be given it)'
  return new PotluckError('EPERM', `${path} can't be mounted: ${remedy}`, cause)
}

async function mountAsUser(path: string, options: DeviceOptions): Promise<number> {
  const common = [
    `${options.isReadOnly ? 'ro' : 'rw'},nosuid,nodev,noatime,default_permissions`,
    `max_read=${MAX_IO_BYTES}`,
    `fsname=${escapeOption(`potluck:${options.volumeName}`)}`,
    'subtype=potluck',
  ]
  const isForAll = options.allowOther && mayAllowOther(options.log)
  return mountThroughFusermount(path, [...common, ...(isForAll ? ['allow_other'] : [])].join(','))
}

function escapeOption(text: string): string {
  return text.replace(/[\\,]/g, '\\$&')
}

const FUSE_CONF = '/etc/fuse.conf'

/** Without this line fusermount3 refuses; a mount for this user alone is better than none. */
function mayAllowOther(log: Log): boolean {
  if (/^\s*user_allow_other\s*$/m.test(readIfThere(FUSE_CONF))) return true
  log('warn', `only this user will see the mount: ${FUSE_CONF} has no line 'user_allow_other'`)
  return false
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/**
 * Sets how far ahead the kernel reads on this mount, which it would else hold at 128 KiB. Only root
 * may; for anyone else reads are 128 KiB each, and the volume's own read-ahead has to do.
 */
export function setReadAhead(path: string, options: { bytes: number; log: Log }): void {
  const minor = mountedAt(path)?.minor
  if (minor === undefined) return
  try {
    writeFileSync(`/sys/class/bdi/0:${minor}/read_ahead_kb`, String(options.bytes / 1024))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    options.log('debug', "the kernel's read-ahead stays as it is", { code })
  }
}
