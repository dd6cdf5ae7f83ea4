import type { Name, Path } from '../../src/ports/messages.ts'
import { PotluckError } from '../../src/base/errors.ts'
import { MAX_PATH_BYTES } from '../../src/wire/limits.ts'

/** The names of a path. @throws PotluckError EINVAL, ENAMETOOLONG */
export function namesOf(path: Path): Name[] {
  if (path === '') return []
  if (path.length > MAX_PATH_BYTES) throw new PotluckError('ENAMETOOLONG', 'the path is too long')
  return path.split('/').map(checkName)
}

function checkName(name: Name): Name {
  if (name === '' || name === '.' || name === '..' || /[\0\u0100-\uffff]/.test(name)) {
    throw new PotluckError('EINVAL', 'not a path within a volume')
  }
  if (name.length > 255) throw new PotluckError('ENAMETOOLONG', 'a name has over 255 bytes')
  return name
}
