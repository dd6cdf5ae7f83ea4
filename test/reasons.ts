// Why something can't be done on this machine: asked by tests, which are then skipped, and by programs
// that are no tests, so nothing here may need a test runner.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Why something can't be tested here; undefined when it can. */
export type Reason = string | undefined

export function notRoot(): Reason {
  return process.getuid?.() === 0 ? undefined : 'needs root'
}

/** For what is done there alone. */
export function notLinuxX64(): Reason {
  const { platform, arch } = process
  return platform === 'linux' && arch === 'x64' ? undefined : `not on ${platform} ${arch}`
}

/** Being allowed to open it is what decides: the node is there in containers that may not use it. */
export function noFuse(): Reason {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return `/dev/fuse: ${(error as NodeJS.ErrnoException).code}`
  }
}

export function noFile(path: string): Reason {
  try {
    accessSync(path)
    return undefined
  } catch {
    return `${path} is not here`
  }
}

export function noProgram(name: string): Reason {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const isThere = folders.some((folder) => noFile(join(folder, name)) === undefined)
  return isThere ? undefined : `${name} is not installed`
}
