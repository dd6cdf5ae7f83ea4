import type { ObjectKey } from '../../src/objects/operation.ts'
import { Expected } from './expected.ts'

/** What all clients change; nobody knows what it holds. */
export const SHARED: ObjectKey = Buffer.from('shared')

/** Of an object that grows; when it has so many it is deleted. */
export const CHUNK_BYTES = 2048
export const MOST_CHUNKS = 160

export type OwnKey = {
  readonly name: string
  readonly bytes: ObjectKey
  readonly expected: Expected
  /** It is appended to: its content is the number of its chunks. */
  readonly isGrowing: boolean
}

/** The keys that one client alone changes, over all lives of the store. */
export class ClientKeys {
  readonly small: readonly OwnKey[]
  /** Written in parts. Not every client has one. */
  readonly large: OwnKey | undefined
  readonly growing: OwnKey
  /** Written so that it can be reverted, and not yet released. */
  revertable: OwnKey | undefined
  #ids = 0

  constructor(client: number, { small, hasLarge }: { small: number; hasLarge: boolean }) {
    this.small = Array.from({ length: small }, (_, i) => ownKey(`small ${client} ${i}`))
    this.large = hasLarge ? ownKey(`large ${client}`) : undefined
    this.growing = ownKey(`growing ${client}`, true)
  }

  get all(): readonly OwnKey[] {
    const large = this.large === undefined ? [] : [this.large]
    return [...this.small, ...large, this.growing]
  }

  /** Of a content: never used again for these keys. */
  newId(): number {
    this.#ids += 1
    return this.#ids
  }
}

function ownKey(name: string, isGrowing = false): OwnKey {
  return { name, bytes: Buffer.from(name), expected: new Expected(), isGrowing }
}
