// Whether this user can mount here, found out before eight peers fail at it.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Why not, in words; undefined when a mount should work. */
export function whyNoMount(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (process.platform !== 'linux') return `mounts need Linux, and this is ${process.platform}`
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
  } catch (error) {
    return `/dev/fuse can't be opened (${(error as NodeJS.ErrnoException).code})`
  }
  if (process.getuid?.() === 0 || isInPath('fusermount3', env['PATH'])) return undefined
  return 'fusermount3 is not installed, and only root mounts without it'
}

function isInPath(program: string, folders = ''): boolean {
  return folders.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
