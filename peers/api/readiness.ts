// Whether a node can serve: enough peers in sight, and the root of each of its volumes here.
import type { MeshNode } from '../../src/node/mesh-node.ts'
import type { Readiness } from './protocol.ts'

/** How long one look may wait for a root page; the caller asks again. */
const LOOK_MS = 500

/** @param peers how many peers, this one included, must be in sight */
export async function readiness(
  node: MeshNode,
  peers: number,
  signal: AbortSignal,
): Promise<Readiness> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)])
  const names = node.volumes().map((volume) => volume.name)
  const served = await Promise.all(names.map((name) => isServed(node, name, limited)))
  signal.throwIfAborted()
  const inSight = node.status().peers + 1
  const waitingFor = names.filter((_, index) => served[index] !== true)
  return { isReady: inSight >= peers && waitingFor.length === 0, peers: inSight, waitingFor }
}

// Why a root is not here yet is the node's to log; here it only means "not ready".
async function isServed(node: MeshNode, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await node.ready(name, { signal })
    return true
  } catch {
    return false
  }
}
