// Reads a volume by path for programs that have no mount. A volume counts references to every
// nodeid it hands out, so whoever looks up must forget, whatever happens between.
import { PotluckError } from '../../src/base/errors.ts'
import type { Attributes, FileType, Name, Path } from '../../src/ports/messages.ts'
import { ROOT_NODEID } from '../../src/volume/volume.ts'
import type { Nodeid, Options, Volume } from '../../src/volume/volume.ts'
import { textOf } from './paths.ts'

export type Found = { readonly nodeid: Nodeid; readonly attributes: Attributes }

export type Place = Options & { readonly volume: Volume; readonly path: Path }

/**
 * Finds a path and holds its nodeid while `use` runs. A symbolic link is not followed.
 *
 * @throws PotluckError ENOENT, ENOTDIR, and what the volume throws
 */
export async function withPath<T>(
  { volume, path, ...options }: Place,
  use: (found: Found) => Promise<T>,
): Promise<T> {
  const found = await find(volume, path, options)
  try {
    return await use(found)
  } finally {
    if (found.nodeid !== ROOT_NODEID) volume.forget(found.nodeid, 1)
  }
}

async function find(volume: Volume, path: Path, options?: Options): Promise<Found> {
  let at = ROOT_NODEID
  let attributes = (await volume.getattr(ROOT_NODEID, options)).attributes
  for (const name of path === '' ? [] : path.split('/')) {
    const parent = at
    const isHeld = parent !== ROOT_NODEID
    try {
      if (attributes.type !== 'directory')
        throw new PotluckError(
          'ENOTDIR',
          `in "${textOf(path)}", what holds "${textOf(name)}" is no directory`,
        )
      const entry = await volume.lookup(parent, name, options)
      if (entry.nodeid === 0)
        throw new PotluckError('ENOENT', `"${textOf(path)}" is not in volume ${volume.name}`)
      at = entry.nodeid
      attributes = (entry as Found).attributes
    } finally {
      if (isHeld) volume.forget(parent, 1)
    }
  }
  return { nodeid: at, attributes }
}

export type FileRange = Options & { readonly from: number; readonly to: number }

/**
 * Bytes `from` up to `to` of a file, as slices that are not copied.
 *
 * @throws PotluckError EISDIR, EINVAL, and what the volume throws
 */
export async function* readFile(
  volume: Volume,
  { nodeid, attributes }: Found,
  { from, to, ...options }: FileRange,
): AsyncGenerator<Uint8Array> {
  checkType(attributes.type)
  const { handle } = await volume.open(nodeid, options)
  try {
    let at = from
    while (at < to) {
      const length = Math.min(volume.blockBytes, to - at)
      const slices = await volume.read(handle, { from: at, length }, options)
      const read = slices.reduce((sum, slice) => sum + slice.byteLength, 0)
      if (read === 0) return
      at += read
      yield* slices
    }
  } finally {
    volume.release(handle)
  }
}

function checkType(type: FileType): void {
  if (type === 'file') return
  if (type === 'directory')
    throw new PotluckError('EISDIR', 'a directory has no bytes; ask for its list')
  throw new PotluckError('EINVAL', `a ${type} has no bytes to read`)
}

/** The entries of a directory, '.' and '..' left out. */
export async function* readDirectory(
  volume: Volume,
  { nodeid }: Found,
  options?: Options,
): AsyncGenerator<{ readonly name: Name; readonly attributes: Attributes }> {
  const handle = await volume.opendir(nodeid, { ...options, isWhole: true })
  try {
    let offset = 0
    for (;;) {
      const entries = volume.readdir(handle, offset)
      if (entries.length === 0) return
      for (const entry of entries) {
        const { name, attributes, nextOffset } = entry
        offset = nextOffset
        const isDot = name === '.' || name === '..'
        if (attributes !== undefined && !isDot) yield { name, attributes }
      }
    }
  } finally {
    volume.releasedir(handle)
  }
}
