// Paths from outside: checked before anything believes them, and turned from what people type into
// a volume and a byte string.
import path from 'node:path'
import { PotluckError } from '../../src/base/errors.ts'
import type { Path } from '../../src/ports/messages.ts'
import { API_LIMITS } from './protocol.ts'

export type Target = { readonly volume: string; readonly path: Path }

/** Byte string of a text as the file system encodes it. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The text to show for a byte string. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/**
 * A path without empty or '.' components; '' is the root.
 *
 * @throws PotluckError EINVAL or ENAMETOOLONG
 */
export function checkPath(given: string): Path {
  const shown = textOf(given.slice(0, 100))
  if (given.length > API_LIMITS.pathBytes)
    throw new PotluckError('ENAMETOOLONG', `path "${shown}…" is too long`)
  if (/[\0\u0100-\uffff]/.test(given))
    throw new PotluckError('EINVAL', `path "${shown}" is not a byte string`)
  const names = given.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) {
    throw new PotluckError(
      'EINVAL',
      `path "${shown}" has a ".."; give it without, from the volume's root`,
    )
  }
  if (names.some((name) => name.length > API_LIMITS.nameBytes)) {
    throw new PotluckError('ENAMETOOLONG', `path "${shown}…" has a name of more than 255 bytes`)
  }
  return names.join('/')
}

/** What a person's PATH may refer to. */
export type Places = {
  readonly cwd: string
  readonly volumes: readonly string[]
  readonly mounts: readonly { readonly volume: string; readonly mountPoint: string }[]
}

/**
 * `VOLUME:relative/path`, or a path of the file system that lies inside a mount point. Only
 * compares text: nothing here touches the mount, which may be the caller's own.
 *
 * @throws PotluckError EINVAL with what would be understood
 */
export function resolveTarget(given: string, places: Places): Target {
  const volume = places.volumes.find((each) => given.startsWith(`${each}:`))
  if (volume !== undefined)
    return { volume, path: checkPath(bytesOf(given.slice(volume.length + 1))) }
  const absolute = path.resolve(places.cwd, given)
  const mount = innermostMount(absolute, places.mounts)
  if (mount === undefined) throw new PotluckError('EINVAL', notInside(given, places))
  return {
    volume: mount.volume,
    path: checkPath(bytesOf(path.relative(mount.mountPoint, absolute))),
  }
}

function innermostMount(absolute: string, mounts: Places['mounts']) {
  return mounts
    .filter(
      ({ mountPoint }) => absolute === mountPoint || absolute.startsWith(withSlash(mountPoint)),
    )
    .sort((a, b) => b.mountPoint.length - a.mountPoint.length)[0]
}

function withSlash(directory: string): string {
  return directory.endsWith('/') ? directory : `${directory}/`
}

function notInside(given: string, { volumes, mounts }: Places): string {
  const prefix = /^([^/:]+):/.exec(given)?.[1]
  const known = volumes.map((each) => `${each}:`).join(', ') || 'no volume'
  if (prefix !== undefined)
    return `"${given}": this peer has no volume "${prefix}"; it has ${known}`
  const points = mounts.map((each) => each.mountPoint).join(', ') || 'none'
  const remedy = `give VOLUME:PATH (${known}) or a path below a mount (${points})`
  return `"${given}" is not inside a mount of this peer; ${remedy}`
}
