import type { Caller } from '../../../src/ports/changes.ts'
import type {
  Effect,
  FileChange,
  InodeChange,
  NameChange,
} from '../../../src/ports/writable-source.ts'
import type { FilePlaces } from './file-changes.ts'
import type { NamePlaces } from './name-changes.ts'
import type { TargetPlace } from './places.ts'

/** What a thread is asked: a change, and what it is about as descriptors. */
export type ThreadTask =
  | { readonly kind: 'name'; readonly change: NameChange; readonly places: NamePlaces }
  | { readonly kind: 'inode'; readonly change: InodeChange; readonly places: TargetPlace }
  | {
      readonly kind: 'file'
      readonly change: Exclude<FileChange, { type: 'close' }>
      readonly places: FilePlaces
    }

export type ThreadRequest = { readonly task: ThreadTask; readonly caller: Caller }

export type ThreadAnswer =
  | {
      readonly effects: readonly Effect[]
      readonly descriptor?: number
      readonly count?: number
      readonly offset?: number
      readonly bytes?: Uint8Array
    }
  | { readonly code: string; readonly message: string }
