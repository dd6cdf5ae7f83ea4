// Which tree the demo reads, and what is in it.
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PotluckError } from '../../../src/base/errors.ts'

export type TreeSize = {
  readonly directory: string
  /** The names in it that are read, where not all are. */
  readonly only?: readonly string[]
  /** Names in its root that are not read: who lists it looks at them all the same. */
  readonly unread?: number
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  readonly bytes: number
  /** Data blocks: of each file, its size over the block size, rounded up. */
  readonly blocks: number
}

const LEAST_FILES = 5000
/** A demo is to be over in a minute: larger trees are read only where they are named. */
const MOST_FILES = 60_000
const MOST_BYTES = 1024 ** 3

/** One name of the tree larger than this, such as a whole Node, is passed over. */
const MOST_PART_BYTES = 32 * 1024 ** 2

const CANDIDATES = [
  fileURLToPath(new URL('../../../node_modules', import.meta.url)),
  '/usr/lib/python3',
  '/usr/share/doc',
  '/usr/lib',
]

/**
 * The tree that was named, or the first of the usual ones that is large enough for a demo.
 *
 * @throws PotluckError ENOENT, ENOTDIR or EACCES about the one named, ENOENT where none fits
 */
export async function chooseTree(named: string | undefined, blockBytes: number): Promise<TreeSize> {
  if (named !== undefined) return measureNamed(named, blockBytes)
  for (const candidate of CANDIDATES) {
    const size = await measureTree(candidate, blockBytes).catch(() => undefined)
    if (size !== undefined && size.files >= LEAST_FILES && size.bytes <= MOST_BYTES) {
      return takePart(size, blockBytes)
    }
  }
  throw new PotluckError(
    'ENOENT',
    'found no tree of 5,000 files and at most 1 GiB; name one with --tree DIR',
  )
}

/** Enough of a larger tree for a demo: its first names in order, but for a very large one. */
async function takePart(whole: TreeSize, blockBytes: number): Promise<TreeSize> {
  const { directory } = whole
  let part: TreeSize = { directory, files: 0, directories: 1, symlinks: 0, bytes: 0, blocks: 0 }
  const only: string[] = []
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  for (const name of names.toSorted()) {
    if (part.files >= LEAST_FILES) break
    const size = await measureTree(path.join(directory, name), blockBytes)
    if (size.bytes > MOST_PART_BYTES) continue
    only.push(name)
    part = addSizes(part, size)
  }
  if (part.files < LEAST_FILES) return whole
  return { ...part, only, unread: entries.length - only.length }
}

function addSizes(a: TreeSize, b: TreeSize): TreeSize {
  return {
    directory: a.directory,
    files: a.files + b.files,
    directories: a.directories + b.directories,
    symlinks: a.symlinks + b.symlinks,
    bytes: a.bytes + b.bytes,
    blocks: a.blocks + b.blocks,
  }
}

async function measureNamed(named: string, blockBytes: number): Promise<TreeSize> {
  try {
    return await measureTree(named, blockBytes, Infinity)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const known = code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' ? code : 'EIO'
    throw new PotluckError(known, `--tree: "${named}" can't be read (${code}); name a directory`, {
      cause,
    })
  }
}

/** Stops early, with what it has counted, at a tree that is too large. */
async function measureTree(
  directory: string,
  blockBytes: number,
  mostFiles = MOST_FILES,
): Promise<TreeSize> {
  const size = { directory, files: 0, directories: 0, symlinks: 0, bytes: 0, blocks: 0 }
  const open = [directory]
  for (let at = open.pop(); at !== undefined && size.files <= mostFiles; at = open.pop()) {
    size.directories += 1
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const full = path.join(at, entry.name)
      if (entry.isDirectory()) open.push(full)
      else if (entry.isSymbolicLink()) size.symlinks += 1
      else if (entry.isFile()) addFile(size, (await lstat(full)).size, blockBytes)
    }
  }
  return size
}

function addFile(
  size: { files: number; bytes: number; blocks: number },
  bytes: number,
  blockBytes: number,
): void {
  size.files += 1
  size.bytes += bytes
  size.blocks += Math.ceil(bytes / blockBytes)
}
