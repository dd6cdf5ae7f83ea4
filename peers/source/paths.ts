// Paths come from other peers. Nothing is believed of them: each is checked here, once, before the
// first system call sees it.
import { PotluckError } from '../../src/base/errors.ts'
import type { Path } from '../../src/ports/messages.ts'
import { MAX_PATH_BYTES } from '../../src/wire/limits.ts'

const NAME_BYTES = 255

/**
 * Splits a path into its names; none for the root.
 *
 * @throws PotluckError ENAMETOOLONG, or EINVAL for what is absolute, leaves the root, or is no byte
 *   string
 */
export function splitPath(path: Path): string[] {
  if (path === '') return []
  if (path.length > MAX_PATH_BYTES) throw new PotluckError('ENAMETOOLONG', 'the path is too long')
  const names = path.split('/')
  for (const name of names) checkName(name, path)
  return names
}

/** @throws PotluckError EINVAL, ENAMETOOLONG */
export function checkName(name: string, path: Path): void {
  if (name === '' || name === '.' || name === '..' || /[\0/\u0100-\uffff]/.test(name)) {
    throw new PotluckError('EINVAL', `not a path within a volume: ${readablePath(path)}`)
  }
  if (name.length > NAME_BYTES) {
    throw new PotluckError(
      'ENAMETOOLONG',
      `a name of ${name.length} bytes, ${NAME_BYTES} are allowed`,
    )
  }
}

export function parentOf(path: Path): Path {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

export function nameOf(path: Path): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function joinPath(directory: Path, name: string): Path {
  return directory === '' ? name : `${directory}/${name}`
}

/** A byte string as a person would read it: UTF-8 where it is that, else with `\xNN`. */
export function readablePath(path: Path): string {
  if (path === '') return '(the root)'
  const text = Buffer.from(path, 'latin1').toString('utf8')
  const isText = !text.includes('\uFFFD')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return (isText ? text : path).replaceAll(isText ? /[\0-\x1f\x7f]/g : /[^\x20-\x7e]/g, escape)
}

function escape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
