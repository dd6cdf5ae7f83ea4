// What a change is about, once the main thread has found it: descriptors of directories, names in them,
// and descriptors of open files.
import fs, { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { Attributes, Inode, Name, Path } from '../../../src/ports/messages.ts'
import type { Effect, Target } from '../../../src/ports/writable-source.ts'
import type { SourceEntry } from '../../../src/ports/source.ts'
import { attributesOf } from '../attributes.ts'
import { openAt } from './libc.ts'

/** Linux's, which Node has no name for. */
const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000
const ROOT: Inode = '0'

/** A directory in which a name is changed. */
export type Directory = {
  readonly descriptor: number
  readonly inode: Inode
  readonly path: Path
}

/** A directory that is the one that was meant; its device tells what is mounted in it. */
export type CheckedDirectory = Directory & { readonly device: bigint }

function staleError(path: Path): Error {
  return Object.assign(new Error(`another inode is now at ${path}`), { code: 'ESTALE' })
}

/** Where the file system that holds an inode is mounted in the volume: its number says so. */
function mountPointOf(inode: Inode): Path {
  const at = inode.indexOf('@')
  return at < 0 ? '' : inode.slice(at + 1)
}

/** @throws Error ESTALE where it is not the directory that was meant */
export function checkDirectory(directory: Directory): CheckedDirectory {
  const { descriptor, inode, path } = directory
  const stats = fs.fstatSync(descriptor, { bigint: true })
  const found = attributesOf(stats, mountPointOf(inode)).inode
  if (inode !== ROOT && found !== inode) throw staleError(path)
  return { ...directory, device: stats.dev }
}

export function directoryEffect({ descriptor, inode }: Directory): Effect {
  const attributes = attributesOf(fs.fstatSync(descriptor, { bigint: true }), mountPointOf(inode))
  return { type: 'inode', inode, attributes, isContent: false }
}

/** What a name leads to now, as a page has it; undefined where it leads nowhere. */
export function entryAt(directory: CheckedDirectory, name: Name): SourceEntry | undefined {
  const place = placeOf(directory, name)
  const stats = fs.lstatSync(place, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return undefined
  const attributes = childAttributes(directory, name, stats)
  if (attributes.type !== 'symlink') return { name, attributes }
  return { name, attributes, target: fs.readlinkSync(place, 'latin1') }
}

export function nameEffect(directory: CheckedDirectory, name: Name): Effect {
  const entry = entryAt(directory, name)
  return { type: 'name', directory: directory.inode, name, entry }
}

function childAttributes(
  { inode, path, device }: CheckedDirectory,
  name: Name,
  stats: BigIntStats,
): Attributes {
  const place = path === '' ? name : `${path}/${name}`
  return attributesOf(stats, stats.dev === device ? mountPointOf(inode) : place)
}

function placeOf({ descriptor }: Directory, name: Name): Buffer {
  return Buffer.from(`/proc/self/fd/${descriptor}/${name}`, 'latin1')
}

/** An inode held by a descriptor, so that it stays itself while it is changed. */
export type Held = {
  readonly descriptor: number
  readonly inode: Inode
  /** The handle's own descriptor, or a bare place in the tree, of which nothing can be read. */
  readonly isHandle: boolean
}

/** A path for calls that have no other way to take a descriptor. */
export function pathOf({ descriptor }: Held): Buffer {
  return Buffer.from(`/proc/self/fd/${descriptor}\0`, 'latin1')
}

export function heldAttributes({ descriptor, inode }: Held): Attributes {
  return attributesOf(fs.fstatSync(descriptor, { bigint: true }), mountPointOf(inode))
}

export function inodeEffect(held: Held, isContent: boolean): Effect {
  return { type: 'inode', inode: held.inode, attributes: heldAttributes(held), isContent }
}

/** Holds what a name leads to for as long as `work` lasts; undefined where it leads nowhere. */
export function holdName<T>(
  directory: CheckedDirectory,
  name: Name,
  work: (held: Held | undefined) => T,
): T {
  const descriptor = findName(directory, name)
  if (descriptor === undefined) return work(undefined)
  try {
    const stats = fs.fstatSync(descriptor, { bigint: true })
    const { inode } = childAttributes(directory, name, stats)
    return work({ descriptor, inode, isHandle: false })
  } finally {
    fs.closeSync(descriptor)
  }
}

function findName({ descriptor }: Directory, name: Name): number | undefined {
  try {
    return openAt(descriptor, name, { flags: O_PATH | O_CLOEXEC | constants.O_NOFOLLOW })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** `on` by its handle's descriptor, or by its name in `parent` ('.' for the root). */
export type TargetPlace = { readonly descriptor: number; readonly name: Name | undefined }

/** Holds an inode that is to be changed. @throws Error ESTALE where another one is there */
export function holdTarget<T>(on: Target, place: TargetPlace, work: (held: Held) => T): T {
  const { descriptor, name } = place
  if (name === undefined) return work({ descriptor, inode: on.inode, isHandle: true })
  const found = openAt(descriptor, name, { flags: O_PATH | O_CLOEXEC | constants.O_NOFOLLOW })
  try {
    const held = { descriptor: found, inode: on.inode, isHandle: false }
    if (on.inode !== ROOT && heldAttributes(held).inode !== on.inode) throw staleError(on.path)
    return work(held)
  } finally {
    fs.closeSync(found)
  }
}
