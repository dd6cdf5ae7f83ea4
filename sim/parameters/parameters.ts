// Everything of a run that a number can say, by name: `network.cpuMessageMs`, `import.thinkMs`. Costs
// have measured defaults, and each group says by which command they were measured; whoever runs on
// other machines measures there and sets them.
//
// A parameter must never be read by anything in `src`: what the protocol may be tuned by is handed to
// each node's start, as the real peer's options are.
import { TUNING, type Tuning } from '../../src/node/tuning.ts'
import { DEFAULT_COSTS, DEFAULT_TOPOLOGY } from '../network/costs.ts'
import { DEFAULT_ROUTING } from '../routing/routing.ts'
import { DEFAULT_RUMORS } from '../gossip/rumors.ts'
import { DEFAULT_STORAGE } from '../storage/storage.ts'
import { DEFAULT_DATASET } from '../workloads/dataset.ts'
import { DEFAULT_BROADCAST } from '../workloads/broadcast.ts'
import { DEFAULT_IMPORT } from '../workloads/import.ts'
import { DEFAULT_REPLAY } from '../workloads/replay.ts'
import type { WorldInit } from '../world.ts'

/** What a node is started with; below 0 for the product's own default. */
const DEFAULT_NODE = {
  ramBytes: 2 ** 30,
  blockBytes: 2 ** 20,
  inlineBytes: -1,
  readAheadBytes: -1,
  revalidateMs: -1,
  prefixBits: TUNING.prefixBits,
  choices: TUNING.choices,
  namesAPage: TUNING.namesAPage,
  hedgePercentile: TUNING.hedging.percentile,
  hedgeFactor: TUNING.hedging.factor,
  hedgeMinMs: TUNING.hedging.minMs,
  referralBytes: TUNING.referralBytes,
  uploadBudgetBytes: TUNING.uploadBudgetBytes,
}

export const DEFAULT_PARAMETERS = {
  network: DEFAULT_COSTS,
  topology: DEFAULT_TOPOLOGY,
  routing: DEFAULT_ROUTING,
  rumors: DEFAULT_RUMORS,
  storage: DEFAULT_STORAGE,
  node: DEFAULT_NODE,
  /** Programs start within this time of each other. */
  run: { jitterMs: 50 },
  import: DEFAULT_IMPORT,
  broadcast: DEFAULT_BROADCAST,
  dataset: DEFAULT_DATASET,
  replay: DEFAULT_REPLAY,
}

export type Parameters = typeof DEFAULT_PARAMETERS

/** What each group is, and where its defaults come from. */
export const PARAMETER_GROUPS: Readonly<Record<keyof Parameters, string>> = {
  network:
    'CPU of a message and a byte (measure yours with `npm run bench -- --only b,h`), ' +
    'lines and distances (iperf3, ping)',
  topology: 'who stands near whom',
  routing: 'the model of Kademlia tables, held against the real ones in test/sim/truth',
  rumors: 'the model of gossip, held against the real one in test/sim/truth',
  storage: 'the slow source: chosen, see sim/storage/storage.ts; measure yours with mdtest and ior',
  node: 'what a peer is started with, and what the protocol is tuned by; -1: its own default',
  run: 'how programs start',
  import: 'the shape of a cold `import torch`: see sim/workloads/import.ts for what is published',
  broadcast: 'one file to all',
  dataset: 'epochs over many files; order is shuffled or zipf',
  replay: 'a recorded trace, on every node',
}

/** What of the parameters a world is made with. */
export function worldOf(parameters: Parameters): Omit<WorldInit, 'seed' | 'nodes' | 'tree'> {
  const { network, topology, routing, rumors, storage, node } = parameters
  const { ramBytes, blockBytes, inlineBytes, readAheadBytes, revalidateMs } = node
  const given = { blockBytes, inlineBytes, readAheadBytes, revalidateMs }
  const volume = Object.fromEntries(Object.entries(given).filter(([, value]) => value >= 0))
  const tuning: Tuning = {
    prefixBits: node.prefixBits,
    choices: node.choices,
    namesAPage: node.namesAPage,
    hedging: {
      percentile: node.hedgePercentile,
      factor: node.hedgeFactor,
      minMs: node.hedgeMinMs,
    },
    referralBytes: node.referralBytes,
    uploadBudgetBytes: node.uploadBudgetBytes,
  }
  return {
    network,
    topology,
    routing,
    rumors,
    storage,
    ramBytes,
    volume,
    instrument: (inside) => ({ ...inside, init: Object.assign({ tuning }, inside.init) }),
  }
}
