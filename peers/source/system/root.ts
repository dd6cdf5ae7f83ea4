// The directory that is a volume's root, and the promise that nothing outside of it is ever opened.
// It is opened once, before anything is mounted over it, and reached through that descriptor alone.
//
// Paths are walked name by name and no symbolic link is followed. On top of that, /proc says where a
// descriptor really is, without asking the storage; whatever is not exactly where it was looked for
// (moved meanwhile, deleted, reached through what another program has moved) is closed again unread.
import { readlinkSync } from 'node:fs'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Path } from '../../../src/ports/messages.ts'
import { failureOf, hasCode } from './failures.ts'
import { readablePath } from '../paths.ts'

/** A page, less the zero at its end: what the kernel can say of a path (d_path in fs/d_path.c). */
const LINK_BYTES = 4_095

/** Where the kernel shows our descriptors; a name behind one is looked up in that directory. */
export function placeOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`
}

export class Root {
  readonly descriptor: number
  #link: string

  constructor(descriptor: number) {
    this.descriptor = descriptor
    this.#link = linkOf(descriptor) ?? ''
  }

  /**
   * @throws PotluckError ESTALE where what was opened is deleted by now, or is somewhere else
   */
  check(descriptor: number, path: Path): void {
    const link = linkOf(descriptor)
    // Deeper than /proc can say: its directories were checked on the way, down to where it could.
    if (link === undefined && this.#expected(path).length >= LINK_BYTES) return
    if (link === this.#expected(path)) return
    // The root itself may have been moved, or lost a mount above it, which changes nothing for us.
    this.#link = linkOf(this.descriptor) ?? ''
    if (link === this.#expected(path)) return
    const message = `open ${readablePath(path)}: it is now ${readablePath(link ?? 'too deep')}`
    throw new PotluckError('ESTALE', message)
  }

  #expected(path: Path): string {
    return this.#link === '/' ? `/${path}` : `${this.#link}/${path}`
  }
}

/**
 * Asks the kernel, never the storage, so it may be asked in place. Undefined where the path is longer
 * than the kernel can say.
 */
function linkOf(descriptor: number): string | undefined {
  try {
    return readlinkSync(placeOf(descriptor), 'latin1')
  } catch (error) {
    if (hasCode(error, 'ENAMETOOLONG')) return undefined
    throw failureOf('locate', '', error)
  }
}
