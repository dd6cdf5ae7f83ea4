// The slow storage as a test sees it: starts the process that plays it, and asks it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StorageAnswer, StorageCounts, StorageQuestion, StorageRule } from './messages.ts'

const PROGRAM = fileURLToPath(new URL('./storage-child.ts', import.meta.url))

export class SlowStorage implements AsyncDisposable {
  readonly #child: ChildProcess = fork(PROGRAM, [], { serialization: 'advanced', execArgv: [] })

  /** Mounts `root` at each of these places. */
  static async mount(root: string, mountPoints: readonly string[]): Promise<SlowStorage> {
    const storage = new SlowStorage()
    try {
      await storage.#ask({ type: 'mount', root, mountPoints })
      return storage
    } catch (error) {
      storage.#child.kill('SIGTERM')
      throw error
    }
  }

  async counts(): Promise<StorageCounts> {
    const answer = await this.#ask({ type: 'counts' })
    if (answer.type !== 'counts') throw new Error(`the storage said ${answer.type}`)
    return answer.counts
  }

  /** From now on; those before are forgotten. */
  async setRules(...rules: readonly StorageRule[]): Promise<void> {
    await this.#ask({ type: 'rules', rules })
  }

  async release(): Promise<void> {
    await this.#ask({ type: 'release' })
  }

  /** Stops the whole storage as a server that has died of something: no call is answered any more. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw()
    await this.#ask({ type: 'unmount' })
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
  }

  /** One question at a time. */
  async #ask(question: StorageQuestion): Promise<StorageAnswer> {
    const ended = new AbortController()
    const { signal } = ended
    const answered = once(this.#child, 'message', { signal }) as Promise<[StorageAnswer]>
    const died = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error('the process that plays the storage has died')
    })
    this.#child.send(question)
    try {
      const [answer] = await Promise.race([answered, died])
      if (answer.type === 'failed') throw new Error(`storage: ${answer.message}`)
      return answer
    } finally {
      ended.abort()
      await Promise.allSettled([answered, died])
    }
  }
}

/** Reads of data ÷ the blocks of a tree, where a block read in parts counts by its bytes. */
export function readsPerBlock(
  counts: StorageCounts,
  blockSizes: ReadonlyMap<string, number>,
): number {
  let reads = 0
  for (const [block, size] of blockSizes) reads += (counts.blocks.get(block) ?? 0) / size
  return reads / Math.max(blockSizes.size, 1)
}
