// Paths, which libfuse's high-level interface speaks of, to the nodeids that a volume does. Each path
// is walked from the root, and what the walk referred to is given back at its end.
import { errnoOf } from '../protocol/errno.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { NewName } from '../../src/ports/changes.ts'
import { ROOT_NODEID, type Nodeid, type Volume } from '../../src/volume/volume.ts'

/** `errno` is negative or 0; what follows is the answer. */
export type Callback = (errno: number, ...answer: unknown[]) => void

/** What a read or a write is called with: path, handle, buffer, length, offset, reply. */
export type Transfer = [string, number, Uint8Array, number, number, Callback]

/** fuse-native gives paths as JavaScript strings and so takes names as UTF-8. */
export function byteNames(path: string): string[] {
  const bytes = Buffer.from(path, 'utf8').toString('latin1')
  return bytes.split('/').filter((name) => name !== '')
}

export function resolving<T>(
  volume: Volume,
  path: string,
  use: (nodeid: Nodeid) => Promise<T>,
): Promise<T> {
  return walking(volume, byteNames(path), use)
}

/** The directory that a path lies in, and its last name. */
export function resolvingParent<T>(
  volume: Volume,
  path: string,
  use: (at: NewName) => Promise<T>,
): Promise<T> {
  const names = byteNames(path)
  const name = names.pop() ?? ''
  return walking(volume, names, (parent) => use({ parent, name }))
}

async function walking<T>(
  volume: Volume,
  names: readonly string[],
  use: (nodeid: Nodeid) => Promise<T>,
): Promise<T> {
  const walked: Nodeid[] = []
  let nodeid = ROOT_NODEID
  try {
    for (const name of names) {
      const entry = await volume.lookup(nodeid, name)
      if (!('attributes' in entry)) throw new PotluckError('ENOENT', `no ${name}`)
      nodeid = entry.nodeid
      walked.push(nodeid)
    }
    return await use(nodeid)
  } finally {
    for (const passed of walked) volume.forget(passed, 1)
  }
}

/** Answers a reply with a promise's outcome. */
export function answer(reply: Callback, work: () => Promise<readonly unknown[]>): void {
  work().then(
    (values) => reply(0, ...values),
    (error: unknown) => reply(-errnoOf(error)),
  )
}

/** The same for a transfer: how many bytes there were stands where other operations have 0. */
export function answerCount(reply: Callback, work: Promise<number>): void {
  work.then(reply, (error: unknown) => reply(-errnoOf(error)))
}

/** The same for an operation that says no more than that it is done. */
export function finish(reply: Callback, work: () => Promise<unknown>): void {
  answer(reply, async () => {
    await work()
    return []
  })
}
