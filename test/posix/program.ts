// A program over a volume, as a kernel would let it ask: name by name, with the checks that the kernel
// makes itself, and references that it keeps.
import type { OpenMode } from '../../src/ports/changes.ts'
import type { Attributes, Path } from '../../src/ports/messages.ts'
import { codeOf, PotluckError } from '../../src/base/errors.ts'
import {
  type ChangeOptions,
  type Nodeid,
  ROOT_NODEID,
  type WritableVolume,
} from '../../src/volume/volume.ts'
import { listDirectory, readFile, stat } from '../../sim/reader.ts'
import type { Command } from './commands.ts'

const BOTH: OpenMode = { access: 'both', append: false, truncate: false, direct: false }
const LENGTH = 1024 * 1024

type Found = { readonly nodeid: Nodeid; readonly attributes: Attributes }
type Place = { readonly parent: Nodeid; readonly name: string }
type Work = (command: Command) => Promise<unknown>

export class Program {
  /** What it failed with last. */
  cause: unknown
  /** Of the life that its node has now. */
  readonly #volume: () => WritableVolume
  readonly #options: ChangeOptions
  /** What is open, by slot. */
  readonly #open = new Map<number, { readonly handle: number; readonly nodeid: Nodeid }>()
  readonly #kinds: Record<Command['kind'], Work>

  constructor(volume: () => WritableVolume) {
    this.#volume = volume
    this.#options = { caller: { uid: 0, gid: 0, groups: [], umask: 0o022 }, asker: this }
    this.#kinds = { ...this.#nameKinds(), ...this.#fileKinds(), ...this.#lookingKinds() }
  }

  /** What came of it: what was read, or the code of what it failed with. Never rejects. */
  async run(command: Command): Promise<string> {
    try {
      return String((await this.#kinds[command.kind](command)) ?? 'done')
    } catch (error) {
      this.cause = error
      return codeOf(error)
    }
  }

  /** Its node has died, and with it all that was open. */
  died(): void {
    this.#open.clear()
  }

  #nameKinds() {
    return {
      create: (command: Command) => this.#create(command, {}),
      'create-exclusive': (command: Command) => this.#create(command, { isExclusive: true }),
      'create-empty': (command: Command) => this.#create(command, { truncate: true }),
      mkdir: async ({ path }: Command) => {
        await this.#volume().mkdir(await this.#at(path), 0o777, this.#options)
      },
      symlink: async ({ path, other }: Command) => {
        await this.#volume().symlink(await this.#at(path), other, this.#options)
      },
      link: async ({ path, other }: Command) => {
        const { nodeid, attributes } = await this.#find(path)
        if (attributes.type === 'directory') throw new PotluckError('EPERM', path)
        await this.#volume().link(nodeid, await this.#at(other), this.#options)
      },
      unlink: async ({ path }: Command) => {
        await this.#volume().unlink(await this.#at(path), this.#options)
      },
      rmdir: async ({ path }: Command) => {
        await this.#volume().rmdir(await this.#at(path), this.#options)
      },
      rename: (command: Command) => this.#rename(command, 'replace'),
      'rename-no-replace': (command: Command) => this.#rename(command, 'no-replace'),
      'rename-exchange': (command: Command) => this.#rename(command, 'exchange'),
      chmod: async ({ path, number }: Command) => {
        const { nodeid } = await this.#find(path)
        await this.#volume().setattr(nodeid, { mode: 0o600 + (number % 8) }, this.#options)
      },
    }
  }

  #fileKinds() {
    return {
      truncate: async ({ path, number }: Command) => {
        const { nodeid } = await this.#file(path)
        await this.#volume().setattr(nodeid, { size: number }, this.#options)
      },
      append: async ({ path, text }: Command) => {
        const { nodeid } = await this.#file(path)
        const how = { ...BOTH, append: true }
        const { handle } = await this.#volume().openWith(nodeid, how, this.#options)
        await this.#write(handle, 'end', text)
        this.#volume().release(handle)
      },
      open: async ({ path, slot }: Command) => {
        const { nodeid } = await this.#file(path)
        const { handle } = await this.#volume().openWith(nodeid, BOTH, this.#options)
        this.#close(slot)
        this.#open.set(slot, { handle, nodeid })
      },
      close: async ({ slot }: Command) => this.#close(slot),
      'write-open': async ({ slot, number, text }: Command) =>
        this.#write(this.#slot(slot).handle, number, text),
      'append-open': async ({ slot, text }: Command) =>
        this.#write(this.#slot(slot).handle, 'end', text),
      'read-open': async ({ slot }: Command) => {
        const read = this.#volume().read(this.#slot(slot).handle, { from: 0, length: LENGTH })
        return show(Buffer.concat(await read))
      },
      'truncate-open': async ({ slot, number }: Command) => {
        const { nodeid, handle } = this.#slot(slot)
        await this.#volume().setattr(nodeid, { size: number }, { ...this.#options, handle })
      },
      'zero-open': async ({ slot, number }: Command) => {
        const range = { from: number, length: 5, how: 'zero' } as const
        await this.#volume().allocate(this.#slot(slot).handle, range, this.#options)
      },
    }
  }

  #lookingKinds() {
    return {
      read: async ({ path }: Command) => {
        await this.#file(path)
        return show(Buffer.concat((await readFile(this.#volume(), path)).slices))
      },
      stat: async ({ path }: Command) => describe((await this.#find(path)).attributes),
      list: async ({ path }: Command) => {
        const { attributes } = await this.#find(path)
        if (attributes.type !== 'directory') throw new PotluckError('ENOTDIR', path)
        return (await listDirectory(this.#volume(), path)).toSorted().join(' ')
      },
    }
  }

  async #create(
    { path, text, slot, number }: Command,
    how: { readonly isExclusive?: boolean; readonly truncate?: boolean },
  ): Promise<void> {
    const at = await this.#at(path)
    const all = { ...BOTH, mode: 0o666, isExclusive: false, ...how }
    const there = await this.#volume().lookup(at.parent, at.name)
    // A symbolic link there is followed by the kernel, which asks for another file then.
    const type = 'attributes' in there ? there.attributes.type : 'file'
    if (type === 'symlink') throw new PotluckError(all.isExclusive ? 'EEXIST' : 'ELOOP', path)
    if (type === 'directory') throw new PotluckError(all.isExclusive ? 'EEXIST' : 'EISDIR', path)
    const { file, entry } = await this.#volume().create(at, all, this.#options)
    await this.#write(file.handle, number % 10, text)
    this.#close(slot)
    this.#open.set(slot, { handle: file.handle, nodeid: entry.nodeid })
  }

  async #rename(
    { path, other }: Command,
    mode: 'replace' | 'no-replace' | 'exchange',
  ): Promise<void> {
    const [from, to] = [await this.#at(path), await this.#at(other)]
    // The kernel refuses what would make a directory its own ancestor.
    if (other.startsWith(`${path}/`)) throw new PotluckError('EINVAL', other)
    if (path.startsWith(`${other}/`)) throw new PotluckError('ENOTEMPTY', other)
    await this.#volume().rename(from, to, { ...this.#options, mode })
  }

  async #write(handle: number, from: number | 'end', text: string): Promise<void> {
    await this.#volume().write(handle, { from, bytes: Buffer.from(text) }, this.#options)
  }

  #close(slot: number): void {
    const open = this.#open.get(slot)
    if (open !== undefined) this.#volume().release(open.handle)
    this.#open.delete(slot)
  }

  #slot(slot: number): { readonly handle: number; readonly nodeid: Nodeid } {
    const open = this.#open.get(slot)
    if (open === undefined) throw new PotluckError('EBADF', `nothing is open in slot ${slot}`)
    return open
  }

  async #file(path: Path): Promise<Found> {
    const found = await this.#find(path)
    const { type } = found.attributes
    if (type === 'directory') throw new PotluckError('EISDIR', path)
    if (type === 'symlink') throw new PotluckError('ELOOP', path)
    return found
  }

  async #at(path: Path): Promise<Place> {
    const slash = path.lastIndexOf('/')
    const above = path.slice(0, Math.max(0, slash))
    if (above === '') return { parent: ROOT_NODEID, name: path }
    const { nodeid, attributes } = await this.#find(above)
    if (attributes.type !== 'directory') throw new PotluckError('ENOTDIR', path)
    return { parent: nodeid, name: path.slice(slash + 1) }
  }

  async #find(path: Path): Promise<Found> {
    let found: Found | undefined
    for (const name of path.split('/')) {
      if (found !== undefined && found.attributes.type !== 'directory') {
        throw new PotluckError('ENOTDIR', path)
      }
      const entry = await this.#volume().lookup(found?.nodeid ?? ROOT_NODEID, name)
      if (!('attributes' in entry)) throw new PotluckError('ENOENT', path)
      found = entry
    }
    return found as Found
  }
}

/** All that can be seen of a volume, by path. */
export async function viewOf(volume: WritableVolume): Promise<Record<Path, string>> {
  const seen: Record<Path, string> = {}
  const walk = async (at: Path): Promise<void> => {
    const attributes = await stat(volume, at)
    const { type } = attributes
    const text = type === 'file' ? show(Buffer.concat((await readFile(volume, at)).slices)) : ''
    seen[at] = `${describe(attributes)} ${text}`
    if (type !== 'directory') return
    const names = [...(await listDirectory(volume, at))].toSorted()
    for (const child of names) await walk(at === '' ? child : `${at}/${child}`)
  }
  await walk('')
  return seen
}

function describe({ type, mode, nlink, size }: Attributes): string {
  const sized = type === 'directory' ? '' : ` of ${size}`
  return `${type} ${mode.toString(8)} ${nlink}${sized}`
}

/** Zeros show, too. */
function show(bytes: Buffer): string {
  return bytes.toString().replaceAll('\0', '.')
}
