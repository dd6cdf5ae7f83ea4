// A tree behind the kernel model that counts what it is asked, and answers when the test says so.
import { PotluckError } from '../../../src/base/errors.ts'
import type { Attributes, Path } from '../../../src/ports/messages.ts'
import type { Access, News } from '../../../sim/program/workload.ts'
import { attributesOf, SimTree } from '../../../sim/storage/tree.ts'

export class FakeAccess implements Access {
  readonly tree = new SimTree({ now: () => 0, after: () => () => undefined })
  /** What was asked, in order. */
  readonly asked: string[] = []
  believedMs = Infinity
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve()
  #listener: ((news: News) => void) | undefined

  async stat(path: Path): Promise<Attributes | undefined> {
    this.asked.push(`stat ${path}`)
    const found = this.tree.at(path)
    const attributes = found === undefined ? undefined : attributesOf(found)
    await this.gate
    return attributes
  }

  async list(path: Path): Promise<readonly string[]> {
    this.asked.push(`list ${path}`)
    await this.gate
    return [...this.tree.find(path).children.keys()]
  }

  async read(path: Path, { from, length }: { from: number; length: number }) {
    this.asked.push(`read ${path} ${from}+${length}`)
    const file = this.tree.at(path)
    if (file === undefined) throw new PotluckError('ENOENT', path)
    await this.gate
    const bytes = new Uint8Array(Math.max(0, Math.min(length, file.size - from)))
    return [bytes.fill(file.generation)]
  }

  believedUntilMs(): number {
    return this.believedMs
  }

  subscribe(listener: (news: News) => void): () => void {
    this.#listener = listener
    return () => (this.#listener = undefined)
  }

  tell(news: News): void {
    this.#listener?.(news)
  }

  /** What was asked since the last call of this. */
  takeAsked(): string[] {
    return this.asked.splice(0)
  }
}
