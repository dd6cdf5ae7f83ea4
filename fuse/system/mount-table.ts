// What is mounted where, as the kernel says without touching any of it.
import { readFileSync } from 'node:fs'

export type MountedAt = {
  readonly mountPoint: string
  /** The minor number of the file system's device: its connection's number, if it is FUSE. */
  readonly minor: number
  /** Such as 'ext4' or 'fuse.potluck'. */
  readonly type: string
  /** What was mounted: for ours, `potluck:` and the volume's name. */
  readonly source: string
}

/** Parses /proc/self/mountinfo (proc(5)), oldest mounts first. Lines that make no sense are left out. */
export function parseMountInfo(text: string): MountedAt[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2)
    const [, , device = '', , mountPoint] = before.split(' ')
    const [type, source] = after.split(' ')
    if (mountPoint === undefined || type === undefined || source === undefined) return []
    const minor = Number(device.split(':')[1])
    return [{ mountPoint: unescape(mountPoint), minor, type, source: unescape(source) }]
  })
}

/** Space, tab, newline and backslash are written as a backslash and three octal digits. */
function unescape(text: string): string {
  if (!text.includes('\\')) return text
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
  return Buffer.from(plain, 'latin1').toString('utf8')
}

export function mountTable(): MountedAt[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** The topmost mount at an absolute path without symbolic links. */
export function mountedAt(path: string): MountedAt | undefined {
  return mountTable().findLast(({ mountPoint }) => mountPoint === path)
}
