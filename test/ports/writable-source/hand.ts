// A writable source with words for what the tests do to it, and what they look for in its answers.
import type { ExecutionContext } from 'ava'
import type { AttributeChanges, OpenMode } from '../../../src/ports/changes.ts'
import type { Attributes, Inode, Path } from '../../../src/ports/messages.ts'
import type { Change, Effect, Outcome, WritableSource } from '../../../src/ports/writable-source.ts'

/** Gives an empty source, with a hand on it. */
export type Begin = (t: ExecutionContext) => Promise<Hand>

const CALLER = {
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  groups: [],
  umask: 0o022,
}
export const BOTH: OpenMode = { access: 'both', append: false, truncate: false, direct: false }

export class Hand {
  readonly source: WritableSource

  constructor(source: WritableSource) {
    this.source = source
  }

  do(change: Change): Promise<Outcome> {
    return this.source.change(change, { caller: CALLER })
  }

  async at(path: Path) {
    const slash = path.lastIndexOf('/')
    const above = path.slice(0, Math.max(0, slash))
    return { directory: await this.inode(above), path: above, name: path.slice(slash + 1) }
  }

  async on(path: Path) {
    return { inode: await this.inode(path), path }
  }

  async inode(path: Path): Promise<Inode> {
    return path === '' ? '0' : (await this.source.attributes(path)).inode
  }

  async mkdir(path: Path): Promise<Outcome> {
    return this.do({ type: 'mkdir', at: await this.at(path), mode: 0o777 })
  }

  async create(path: Path, how: Partial<OpenMode> = {}, isExclusive = false): Promise<number> {
    const at = await this.at(path)
    const mode = 0o666
    const full = { ...BOTH, ...how }
    const { handle } = await this.do({ type: 'create', at, mode, isExclusive, how: full })
    return handle ?? 0
  }

  write(handle: number, from: number | 'end', text: string): Promise<Outcome> {
    const isAppend = from === 'end'
    const of = { handle, from: isAppend ? 0 : from }
    return this.do({ type: 'write', of, bytes: Buffer.from(text), isAppend })
  }

  async text(path: Path): Promise<string> {
    const { inode, size } = await this.source.attributes(path)
    const { bytes } = await this.source.read(path, { inode, from: 0, length: size })
    return Buffer.from(bytes).toString()
  }

  /** Makes a file with these bytes. */
  async file(path: Path, text: string): Promise<void> {
    const handle = await this.create(path)
    await this.write(handle, 0, text)
    await this.do({ type: 'close', handle })
  }

  async names(path: Path): Promise<string[]> {
    return (await this.source.list(path)).names.map(({ name }) => name).toSorted()
  }

  async set(path: Path, changes: AttributeChanges): Promise<Attributes> {
    const outcome = await this.do({ type: 'setattr', on: await this.on(path), changes })
    return attributesIn(outcome)
  }
}

export function attributesIn({ effects }: Outcome): Attributes {
  for (const effect of effects) if (effect.type === 'inode') return effect.attributes
  throw new Error('no attributes')
}

export function nameIn(
  { effects }: Outcome,
  name: string,
): Extract<Effect, { type: 'name' }> | undefined {
  for (const effect of effects) if (effect.type === 'name' && effect.name === name) return effect
  return undefined
}
