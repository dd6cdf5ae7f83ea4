// Reads trees and files into the mesh through this node's shard, with a few fetches under way at a
// time: enough to hide latency, few enough to leave the node to its programs.
import type { Path } from '../ports/messages.ts'
import type { InodeRecord } from '../tree/inode-record.ts'
import type { Tree } from '../tree/tree.ts'
import { pagesOf, recordOf, resolve } from '../tree/walk.ts'
import { PotluckError } from '../base/errors.ts'
import type { PageEntry } from '../wire/page-entry.ts'

const FILES_AT_ONCE = 16

export type WarmProgress = {
  readonly files: number
  readonly filesDone: number
  readonly bytes: number
  readonly bytesDone: number
}

export type WarmTask = {
  readonly tree: Tree
  /** Fetches every block of a file. */
  readonly readFile: (record: InodeRecord, signal?: AbortSignal) => Promise<void>
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** @throws PotluckError ENOENT for a path that is not there, or what a read failed with */
export async function warm(task: WarmTask, paths: readonly Path[]): Promise<WarmProgress> {
  return new Warming(task).run(paths)
}

class Warming {
  readonly #task: WarmTask
  readonly #queue: InodeRecord[] = []
  readonly #progress = { files: 0, filesDone: 0, bytes: 0, bytesDone: 0 }
  readonly #seen = new Set<string>()

  constructor(task: WarmTask) {
    this.#task = task
  }

  async run(paths: readonly Path[]): Promise<WarmProgress> {
    const { tree, signal } = this.#task
    for (const path of paths) {
      const { record } = await resolve(tree, path, { signal })
      if (record === undefined) throw new PotluckError('ENOENT', `'${path}' does not exist`)
      this.#add(record)
    }
    while (this.#queue.length > 0) await this.#round()
    return { ...this.#progress }
  }

  /** Takes everything that is queued, a bounded number at a time. */
  async #round(): Promise<void> {
    const queue = this.#queue.splice(0)
    let next = 0
    const worker = async () => {
      for (let record = queue[next++]; record !== undefined; record = queue[next++]) {
        await this.#bring(record)
      }
    }
    const stop = (error: unknown): never => {
      next = queue.length
      throw error
    }
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, () => worker().catch(stop)))
  }

  async #bring(record: InodeRecord): Promise<void> {
    const { signal, readFile, onProgress } = this.#task
    if (signal?.aborted === true) throw new PotluckError('ABORTED', 'warming was given up')
    if (record.isDirectory) await this.#list(record)
    else {
      await readFile(record, signal)
      this.#progress.filesDone += 1
      this.#progress.bytesDone += record.attributes?.size ?? 0
    }
    onProgress?.({ ...this.#progress })
  }

  async #list(directory: InodeRecord): Promise<void> {
    const { tree, signal } = this.#task
    for (const { page } of await pagesOf(tree, directory, { signal })) {
      for (const entry of page)
        if (isWorthReading(entry)) this.#add(recordOf(tree, directory, entry))
    }
  }

  #add(record: InodeRecord): void {
    if (this.#seen.has(record.inode)) return
    this.#seen.add(record.inode)
    this.#queue.push(record)
    if (record.isDirectory) return
    this.#progress.files += 1
    this.#progress.bytes += record.attributes?.size ?? 0
  }
}

/** Directories, and files whose bytes are not in the page already. */
function isWorthReading(entry: PageEntry): boolean {
  const { type } = entry.attributes
  return type === 'directory' || (type === 'file' && entry.inline === undefined)
}
