// Paths as small numbers, one table for all nodes of a world: what a node remembers of a path is then
// an element of an array, and not an entry of a map with a string of its own.
import type { Name, Path } from '../../src/ports/messages.ts'

export type PathId = number

/** The volume's root, whose path is ''. */
export const ROOT_ID: PathId = 0

export class PathTable {
  readonly #ids = new Map<Path, PathId>([['', ROOT_ID]])
  readonly #paths: Path[] = ['']
  readonly #names: Name[] = ['']
  readonly #parents: PathId[] = [ROOT_ID]

  get size(): number {
    return this.#paths.length
  }

  /** Takes the path in where it is new, and all above it before it. */
  id(path: Path): PathId {
    return this.#ids.get(path) ?? this.#add(path)
  }

  /** The id of a path that was asked for before. */
  known(path: Path): PathId | undefined {
    return this.#ids.get(path)
  }

  path(id: PathId): Path {
    return this.#paths[id] as Path
  }

  /** Its last part. */
  name(id: PathId): Name {
    return this.#names[id] as Name
  }

  /** The directory above; the root's is itself. */
  parent(id: PathId): PathId {
    return this.#parents[id] as PathId
  }

  /** Everything known below a directory, in the order in which it was first asked for. */
  below(id: PathId): PathId[] {
    const start = id === ROOT_ID ? '' : `${this.path(id)}/`
    return Array.from(this.#paths.keys()).filter(
      (each) => each !== ROOT_ID && this.path(each).startsWith(start),
    )
  }

  #add(path: Path): PathId {
    const slash = path.lastIndexOf('/')
    const parent = slash < 0 ? ROOT_ID : this.id(path.slice(0, slash))
    const id = this.#paths.length
    this.#ids.set(path, id)
    this.#paths.push(path)
    this.#names.push(path.slice(slash + 1))
    this.#parents.push(parent)
    return id
  }
}
