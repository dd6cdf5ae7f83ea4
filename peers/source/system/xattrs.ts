// Extended attributes, which Node has no call for: the C library's, through koffi, each on a thread
// of libuv's pool like any other call. Where koffi does not load, a volume has none.
import { PotluckError } from '../../../src/base/errors.ts'
import type { Name, Path } from '../../../src/ports/messages.ts'
import type { Calls, Done } from './calls.ts'
import { hasCode } from './failures.ts'
import { readablePath } from '../paths.ts'

/** The kernel's own bounds, of the list of names and of one value. */
const XATTR_BYTES = 64 * 1024
/** All of one inode together: they travel as one block. */
const ALL_BYTES = 1024 * 1024

type Library = {
  list(place: Buffer, into: Buffer, done: Done<number>): void
  get(place: Buffer, name: Buffer, options: { into: Buffer; done: Done<number> }): void
}

let library: Promise<Library | undefined> | undefined

/**
 * All extended attributes of what lies at `place`, a symbolic link not followed.
 *
 * @throws PotluckError ENOTSUP where the file system or this machine has none; EOVERFLOW where there
 *   are more than 1 MiB
 */
export async function readXattrs(
  path: Path,
  place: Buffer,
  { calls }: { readonly calls: Calls },
): Promise<ReadonlyMap<Name, Uint8Array>> {
  library ??= loadLibrary()
  const loaded = await library
  if (loaded === undefined) throw new PotluckError('ENOTSUP', 'koffi is not available here')
  const target = terminate(place)
  const list = await call(calls, { operation: 'llistxattr', path }, (into, done) =>
    loaded.list(target, into, done),
  )
  const found = new Map<Name, Uint8Array>()
  let bytes = 0
  for (const name of list.toString('latin1').split('\0').slice(0, -1)) {
    const value = await valueOf(loaded, { calls, path, target, name })
    if (value === undefined) continue
    bytes += name.length + value.length
    if (bytes > ALL_BYTES) {
      throw new PotluckError('EOVERFLOW', `xattrs of ${readablePath(path)}: more than ${ALL_BYTES}`)
    }
    found.set(name, value)
  }
  return found
}

/** Undefined for one that was removed since, or that may be listed but not read. */
async function valueOf(
  loaded: Library,
  { calls, path, target, name }: { calls: Calls; path: Path; target: Buffer; name: Name },
): Promise<Uint8Array | undefined> {
  try {
    const value = await call(calls, { operation: 'lgetxattr', path }, (into, done) =>
      loaded.get(target, terminate(Buffer.from(name, 'latin1')), { into, done }),
    )
    return new Uint8Array(value)
  } catch (error) {
    if (hasCode(error, 'ENODATA', 'EPERM', 'EACCES')) return undefined
    throw error
  }
}

async function call(
  calls: Calls,
  what: { operation: string; path: Path },
  start: (into: Buffer, done: Done<number>) => void,
): Promise<Buffer> {
  const into = Buffer.allocUnsafe(XATTR_BYTES)
  const length = await calls.run<number>({ ...what, start: (done) => start(into, done) })
  return into.subarray(0, length)
}

function terminate(text: Buffer): Buffer {
  return Buffer.concat([text, Buffer.of(0)])
}

async function loadLibrary(): Promise<Library | undefined> {
  const koffi = await import('koffi').then(
    (module) => module.default,
    () => undefined,
  )
  if (koffi === undefined) return undefined
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
  const finish = (done: Done<number>) => (error: Error | null, result: number) => {
    if (error !== null || result >= 0) return done(error, result)
    const code = names.get(koffi.errno()) ?? 'EIO'
    done(Object.assign(new Error(code), { code }), 0)
  }
  const libc = koffi.load(null)
  const list = libc.func('long llistxattr(const char *path, void *list, size_t size)')
  const get = libc.func(
    'long lgetxattr(const char *path, const char *name, void *value, size_t size)',
  )
  return {
    list: (place, into, done) => list.async(place, into, into.length, finish(done)),
    get: (place, name, { into, done }) => get.async(place, name, into, into.length, finish(done)),
  }
}
