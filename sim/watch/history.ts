// All that was ever true of the files of a world: which name led where and when, and when each state
// of a file began and ended. Whoever changes the tree while it is watched must do it through this, or
// through the storage, which is followed (`follow`).
import assert from 'node:assert/strict'
import { ROOT_INODE } from '../../src/block/key.ts'
import type { Inode, Path } from '../../src/ports/messages.ts'
import type { Effect } from '../../src/ports/writable-source.ts'
import { attributesOf, type SimInode } from '../storage/tree.ts'
import type { World } from '../world.ts'

/** A generation of a file. `untilMs` is Infinity for the one of now. */
export type FileState = {
  readonly inode: number
  readonly generation: number
  readonly size: number
  readonly fromMs: number
  untilMs: number
  /** Where they were given. */
  readonly bytes: Uint8Array | undefined
}

/** What a name led to, or that it led nowhere. */
export type Binding = {
  readonly inode: number | undefined
  readonly fromMs: number
  untilMs: number
}

export type Interval = { readonly fromMs: number; readonly toMs: number }

export class History {
  readonly #world: World
  readonly #states = new Map<number, FileState[]>()
  readonly #bindings = new Map<Path, Binding[]>()
  readonly #drawn = new Map<string, Buffer>()
  /** Of the directories, which nobody moves while they are watched. */
  readonly #paths = new Map<Inode, Path>()
  readonly #files = new Map<number, SimInode>()

  constructor(world: World) {
    this.#world = world
    for (const path of world.tree.files()) this.#bind(path, world.tree.find(path))
  }

  /** From now on takes note of what is changed through the storage, too. */
  follow(): void {
    const walk = (directory: SimInode, at: Path, inode: Inode): void => {
      this.#paths.set(inode, at)
      for (const [name, child] of directory.children) {
        const path = at === '' ? name : `${at}/${name}`
        if (child.type === 'directory') walk(child, path, attributesOf(child).inode)
      }
    }
    walk(this.#world.tree.root, '', ROOT_INODE)
    this.#world.storage.watchers.push((effects) => effects.forEach((one) => this.#take(one)))
  }

  write(path: Path): SimInode {
    const file = this.#world.tree.write(path)
    this.#note(file)
    return file
  }

  create(path: Path, size: number): SimInode {
    const file = this.#world.tree.makeFile(path, { size })
    this.#bind(path, file)
    return file
  }

  remove(path: Path): void {
    this.#world.tree.remove(path)
    this.#bind(path, undefined)
  }

  rename(from: Path, to: Path): void {
    this.#world.tree.rename(from, to)
    this.#bind(from, undefined)
    this.#bind(to, this.#world.tree.find(to))
  }

  /** What a name may have led to in that time; undefined stands for nowhere. */
  inodesAt(path: Path, during: Interval): (number | undefined)[] {
    const bindings = this.#bindings.get(path) ?? []
    if (bindings.length === 0) return [undefined]
    return bindings.filter((each) => overlaps(each, during)).map((each) => each.inode)
  }

  /** What a name has led to, and that it led nowhere, in order. */
  bindingsOf(path: Path): readonly Binding[] {
    return this.#bindings.get(path) ?? []
  }

  /** All states of a file, in order. */
  statesOf(inode: number): readonly FileState[] {
    return this.#states.get(inode) ?? []
  }

  /** Whether a name was absent at some moment of that time. */
  wasAbsent(path: Path, during: Interval): boolean {
    const first = this.#bindings.get(path)?.[0]
    if (first === undefined || first.fromMs > during.fromMs) return true
    return this.inodesAt(path, during).includes(undefined)
  }

  /** The state whose bytes these are, the newest of them; undefined where they never were. */
  stateOf(path: Path, bytes: Uint8Array): FileState | undefined {
    for (const state of this.statesLike(path, bytes)) return state
    return undefined
  }

  /**
   * All states that look like this, of whatever the name ever led to, the newest first: two files that are
   * empty, or were overwritten alike, can't be told apart by who reads them.
   */
  *statesLike(path: Path, bytes: Uint8Array): Generator<FileState> {
    const inodes = new Set((this.#bindings.get(path) ?? []).toReversed().map(({ inode }) => inode))
    for (const inode of inodes) {
      for (const state of (this.#states.get(inode ?? -1) ?? []).toReversed()) {
        if (this.bytesOf(state).equals(bytes)) yield state
      }
    }
  }

  bytesOf(state: FileState): Buffer {
    const { inode, generation, size } = state
    if (state.bytes !== undefined) return Buffer.from(state.bytes.buffer)
    const name = `${inode}@${generation}`
    const known = this.#drawn.get(name)
    if (known !== undefined) return known
    const extent = { inode, generation, from: 0, length: size }
    const bytes = Buffer.from(this.#world.contents.bytes(extent))
    this.#drawn.set(name, bytes)
    return bytes
  }

  #take(effect: Effect): void {
    if (effect.type === 'name') {
      const above = this.#paths.get(effect.directory)
      if (above === undefined) return
      const path = above === '' ? effect.name : `${above}/${effect.name}`
      const there = this.#world.tree.at(path)
      if (this.#bindings.get(path)?.at(-1)?.inode !== there?.number) this.#bind(path, there)
      return
    }
    const file = this.#files.get(Number(effect.inode))
    if (effect.isContent && file !== undefined) this.#note(file)
  }

  #bind(path: Path, file: SimInode | undefined): void {
    const { elapsedMs: fromMs } = this.#world.clock
    const bindings = this.#bindings.get(path) ?? (fromMs > 0 ? [neverBound()] : [])
    this.#bindings.set(path, bindings)
    const last = bindings.at(-1)
    if (last !== undefined) last.untilMs = fromMs
    bindings.push({ inode: file?.number, fromMs, untilMs: Infinity })
    if (file !== undefined && !this.#states.has(file.number)) this.#note(file)
  }

  #note(file: SimInode): void {
    assert(attributesOf(file).type === 'file')
    const { number: inode, generation, size } = file
    const { elapsedMs: fromMs } = this.#world.clock
    const states = this.#states.get(inode) ?? []
    this.#states.set(inode, states)
    const last = states.at(-1)
    if (last !== undefined) last.untilMs = fromMs
    const bytes = file.bytes && Uint8Array.from(file.bytes)
    states.push({ inode, generation, size, fromMs, untilMs: Infinity, bytes })
    this.#files.set(inode, file)
  }
}

/** Before its first binding a name led nowhere. */
function neverBound(): Binding {
  return { inode: undefined, fromMs: -Infinity, untilMs: Infinity }
}

export function overlaps(
  span: { readonly fromMs: number; readonly untilMs: number },
  { fromMs, toMs }: Interval,
): boolean {
  return span.fromMs <= toMs && span.untilMs >= fromMs
}
