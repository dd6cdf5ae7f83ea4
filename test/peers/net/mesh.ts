// Real peers for tests: on 127.0.0.1, in this process or in one that may be killed.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { startPeer, type PeerInit, type StartedPeer } from '../../../peers/net/peer.ts'
import type { Block, Reply, Request, Want } from '../../../src/ports/messages.ts'

export const MESH_KEY = new Uint8Array(32).fill(42)

export type LogLine = { readonly level: string; readonly message: string }

/** A peer that is stopped when the test ends. */
export async function aPeer(
  t: ExecutionContext,
  options: Partial<PeerInit> & { lines?: LogLine[] } = {},
): Promise<StartedPeer> {
  const { lines, ...init } = options
  const peer = await startPeer({
    mesh: 'test',
    meshKey: MESH_KEY,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    security: 'plaintext',
    log: (level, message) => lines?.push({ level, message }),
    ...init,
  })
  t.teardown(() => peer.stop())
  return peer
}

/** Peers that all joined the first. */
export async function aMesh(t: ExecutionContext, count: number): Promise<StartedPeer[]> {
  const first = await aPeer(t)
  const others = await Promise.all(Array.from({ length: count - 1 }, () => aPeer(t)))
  await Promise.all(others.map((other) => other.dial(first.addresses())))
  return [first, ...others]
}

export function want(change: Partial<Want> = {}): Request {
  const plain: Want = {
    volume: 'v',
    kind: 'data',
    inode: '1',
    index: 0,
    splits: 0,
    path: 'a/b',
    version: 0,
    floor: 0,
    reach: 'climb',
  }
  return { type: 'want', want: { ...plain, ...change } }
}

export function blockOf(bytes: Uint8Array): Reply {
  const block: Block = { stamp: 1, version: 2, checksum: 3, bytes }
  return { type: 'answer', answer: { type: 'block', block } }
}

export function bytesOf(reply: Reply): Uint8Array {
  if (reply.type !== 'answer' || reply.answer.type !== 'block') throw new Error('no block')
  return reply.answer.block.bytes
}

/** A peer in a process of its own, which answers the first want with a block and no other. */
export async function aKillablePeer(
  t: ExecutionContext,
): Promise<{ process: ChildProcess; addresses: string[]; peer: string }> {
  const child = fork(fileURLToPath(new URL('killable.ts', import.meta.url)), [])
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  const [addresses] = (await once(child, 'message')) as [string[]]
  return { process: child, addresses, peer: addresses[0]?.split('/p2p/')[1] ?? '' }
}
