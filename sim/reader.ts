// A program on a simulated node: reads paths through the Volume as a kernel would, reference by
// reference, without the kernel's caches. Symbolic links are not followed.
import type { Attributes, Name, Path } from '../src/ports/messages.ts'
import { PotluckError } from '../src/base/errors.ts'
import { ROOT_NODEID, type Nodeid, type Volume } from '../src/volume/volume.ts'

export type FileRead = {
  readonly attributes: Attributes
  /** The bytes in order, as they were handed out. */
  readonly slices: readonly Uint8Array[]
  readonly length: number
}

export type ReadFileOptions = {
  /** How much one read asks for. @default 1 MiB, as the kernel does */
  readonly chunkBytes?: number
  readonly signal?: AbortSignal
}

type Options = { readonly signal?: AbortSignal }
type Found = { readonly nodeid: Nodeid; readonly attributes: Attributes }

/** @throws PotluckError ENOENT, EISDIR, and what the volume fails with */
export function readFile(
  volume: Volume,
  path: Path,
  { chunkBytes = 1024 * 1024, ...options }: ReadFileOptions = {},
): Promise<FileRead> {
  return withPath(volume, { path, ...options }, async ({ nodeid, attributes }) => {
    if (attributes.type === 'directory') throw new PotluckError('EISDIR', path)
    const { handle } = await volume.open(nodeid, options)
    try {
      const slices = await readToEnd(volume, handle, { chunkBytes, ...options })
      const length = slices.reduce((sum, slice) => sum + slice.length, 0)
      return { attributes: (await volume.getattr(nodeid, options)).attributes, slices, length }
    } finally {
      volume.release(handle)
    }
  })
}

/** @throws PotluckError ENOENT, and what the volume fails with */
export function stat(volume: Volume, path: Path, options: Options = {}): Promise<Attributes> {
  return withPath(volume, { path, ...options }, async ({ attributes }) => attributes)
}

/** Names without '.' and '..', in the order of the directory. */
export function listDirectory(
  volume: Volume,
  path: Path,
  options: Options = {},
): Promise<readonly Name[]> {
  return withPath(volume, { path, ...options }, async ({ nodeid }) => {
    const handle = await volume.opendir(nodeid, options)
    try {
      return namesIn(volume, handle)
    } finally {
      volume.releasedir(handle)
    }
  })
}

async function readToEnd(
  volume: Volume,
  handle: number,
  { chunkBytes, ...options }: Options & { readonly chunkBytes: number },
): Promise<Uint8Array[]> {
  const slices: Uint8Array[] = []
  for (let from = 0; ;) {
    // One read after another, as a program does.
    const read = await volume.read(handle, { from, length: chunkBytes }, options)
    const length = read.reduce((sum, slice) => sum + slice.length, 0)
    if (length === 0) return slices
    slices.push(...read)
    from += length
  }
}

/** The names of an opened directory, without '.' and '..'. */
export function namesIn(volume: Volume, handle: number): Name[] {
  const names: Name[] = []
  for (let offset = 0; ;) {
    const entries = volume.readdir(handle, offset)
    const last = entries.at(-1)
    if (last === undefined) return names.filter((name) => name !== '.' && name !== '..')
    names.push(...entries.map((entry) => entry.name))
    offset = last.nextOffset
  }
}

async function withPath<T>(
  volume: Volume,
  { path, ...options }: Options & { readonly path: Path },
  use: (found: Found) => Promise<T>,
): Promise<T> {
  const references: Nodeid[] = []
  try {
    return await use(await walk(volume, path, { ...options, references }))
  } finally {
    for (const nodeid of references.reverse()) volume.forget(nodeid, 1)
  }
}

async function walk(
  volume: Volume,
  path: Path,
  { references, ...options }: Options & { readonly references: Nodeid[] },
): Promise<Found> {
  const names = path === '' ? [] : path.split('/')
  if (names.length === 0) {
    return {
      nodeid: ROOT_NODEID,
      attributes: (await volume.getattr(ROOT_NODEID, options)).attributes,
    }
  }
  let found: Found | undefined
  for (const name of names) {
    const entry = await volume.lookup(found?.nodeid ?? ROOT_NODEID, name, options)
    if (!('attributes' in entry)) throw new PotluckError('ENOENT', `no such file: ${path}`)
    references.push(entry.nodeid)
    found = entry
  }
  return found as Found
}
