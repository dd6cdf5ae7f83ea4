// What may befall a simulated cluster, as data: how much of each kind, and nothing about when or whom.
// That is drawn from the seed by `unleash.ts`, so that a line of text and a seed are a whole run.
//
// Faults know nothing of what nodes do, and whatever is begun is also ended: when `unleash` is over
// the world is whole again, but for those who died for good.

export type Faults = {
  /** For so long, from the moment they are unleashed; the last ones end a few seconds later. */
  readonly forMs: number
  /** Nodes 0 up to this one are never struck: somebody must be there to ask. */
  readonly spared: number
  /** No two clocks are farther apart than this, and some are as far. */
  readonly skewMs: number
  /** What passes again lasts at most so long. @default 4 s */
  readonly longestMs: number
  // Shares of the nodes, or times a node on average where above 1.
  /** Known to the others from the start, and never answering. */
  readonly dead: number
  /** Die at any moment, half of them without a word, and stay dead. */
  readonly crash: number
  /** The same, and come back empty a while later. */
  readonly bounce: number
  /** Stand still for a while, as under SIGSTOP. */
  readonly hang: number
  /** Thread and line ten times slower for a while. */
  readonly slow: number
  /** What they send to one other node is held up for a while. */
  readonly clog: number
  /** Leave as they should. */
  readonly leave: number
  /** Nodes that were not there at the start join; a share of those that were. */
  readonly join: number
  // How often.
  /** The network is cut in two or three for a while: a few nodes from the rest, or in halves. */
  readonly partition: number
  /** The source answers nobody for a while. */
  readonly sourceStall: number
  // Shares of messages, or of calls.
  /** Requests and replies lost, each of which looks like a dead connection. */
  readonly loss: number
  /** Requests and replies late by up to 200 ms. */
  readonly late: number
  readonly rumorLoss: number
  /** Rumors late by up to 2 s: later ones overtake them. */
  readonly rumorLate: number
  /** Calls to the source that fail with EIO. */
  readonly sourceError: number
  /** Calls to the source that hang until they time out. */
  readonly sourceHang: number
}

export const NO_FAULTS: Faults = {
  forMs: 10_000,
  spared: 1,
  longestMs: 4_000,
  skewMs: 0,
  dead: 0,
  crash: 0,
  bounce: 0,
  hang: 0,
  slow: 0,
  clog: 0,
  leave: 0,
  join: 0,
  partition: 0,
  sourceStall: 0,
  loss: 0,
  late: 0,
  rumorLoss: 0,
  rumorLate: 0,
  sourceError: 0,
  sourceHang: 0,
}

const SOME_FAULTS: Faults = {
  ...NO_FAULTS,
  skewMs: 20,
  bounce: 0.2,
  hang: 0.1,
  slow: 0.05,
  partition: 1,
  loss: 0.0005,
  late: 0.01,
  rumorLoss: 0.02,
  rumorLate: 0.02,
  sourceError: 0.001,
}

const MANY_FAULTS: Faults = {
  ...NO_FAULTS,
  skewMs: 500,
  dead: 0.05,
  crash: 0.05,
  bounce: 0.4,
  hang: 0.25,
  slow: 0.1,
  clog: 0.2,
  leave: 0.05,
  join: 0.1,
  partition: 3,
  sourceStall: 1,
  loss: 0.001,
  late: 0.02,
  rumorLoss: 0.05,
  rumorLate: 0.1,
  sourceError: 0.002,
  sourceHang: 0.0002,
}

export const PROFILES = { none: NO_FAULTS, some: SOME_FAULTS, many: MANY_FAULTS } as const
