// What locks and leases need of the rest of a node: rumors told and heard at once.
import type { LockRoomInit } from '../../lock/lock-room.ts'
import { EVERYTHING } from '../../rumor/floors.ts'
import type { Writings, WritingsInit } from './writings.ts'

export type Words = Pick<LockRoomInit, 'tell' | 'hear' | 'apply' | 'onUntold'>

export type WordsInit = {
  readonly stamps: WritingsInit['stamps']
  /** The rooms of the node, once they are there. */
  readonly inside: () => Pick<WritingsInit, 'rumors' | 'rooms'> & { readonly writings: Writings }
}

export function wordsOver({ stamps, inside }: WordsInit): Words {
  return {
    tell: () => {
      inside().writings.tellAll()
      return inside().rumors.flush()
    },
    hear: (head) => inside().rumors.hear(head),
    apply: (change) => inside().rooms.apply(change, { by: 'rumor' }),
    onUntold: () => {
      const stamp = stamps.tick()
      const all = inside().rooms.all()
      inside().rumors.publish(all.map(({ id: volume }) => ({ volume, inode: EVERYTHING, stamp })))
    },
  }
}
