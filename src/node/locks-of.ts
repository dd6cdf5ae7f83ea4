import { LockRoom, type LockRoomInit } from '../lock/lock-room.ts'
import type { NodeInit, NodePorts } from './mesh-node.ts'
import type { Words } from './writing/words.ts'

/** The locks of a node. Where nothing can be written nobody needs them, and no peer is asked. */
export function locksOf(
  ports: NodePorts,
  init: NodeInit,
  inside: Pick<LockRoomInit, 'counters' | 'stamps' | 'leasing' | keyof Words>,
): LockRoom {
  const { epoch, foundAfterMs, volumes, hasLocks } = init
  const random = ports.random.fork('lock')
  const isNeeded = hasLocks ?? volumes.some(({ write = 'off' }) => write !== 'off')
  return new LockRoom({ ...ports, ...inside, random, epoch, foundAfterMs, isNeeded })
}
