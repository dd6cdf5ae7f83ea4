// What things cost in the simulated cluster, as named parameters. Defaults are measured, most of them
// on two cores of a virtual machine; DESIGN 4 and 12 have the tables they come from.
export type NetworkCosts = {
  /**
   * CPU of one end for one message, in milliseconds. A want and its answer have four ends; through two
   * whole nodes they cost 80 + 29 µs on a busy machine, TLS, 16 in flight (`npm run bench -- --only h`),
   * of which the links alone are 16 to 23 (`--only c`). @default 0.02
   */
  readonly cpuMessageMs: number
  /** CPU of one end for one byte of payload, in milliseconds. @default 5e-7 (1 CPU-s/GB both ends) */
  readonly cpuByteMs: number
  /** Bytes a millisecond out of a node. @default 1.25e6 (10 Gb/s) */
  readonly upBytesPerMs: number
  /** Bytes a millisecond into a node. @default 1.25e6 */
  readonly downBytesPerMs: number
  /** One way, between nodes of one rack, in milliseconds. @default 0.03 */
  readonly rackLatencyMs: number
  /** One way, between racks of one zone. @default 0.05 */
  readonly zoneLatencyMs: number
  /** One way, between zones. @default 0.5 */
  readonly farLatencyMs: number
  /** Silence after which a connection counts as dead, as `ports/network.ts` promises. @default 2000 */
  readonly silenceMs: number
  /** Bytes that the operating system takes off a node's hands before they count as queued. */
  readonly socketBytes: number
}

export const DEFAULT_COSTS: NetworkCosts = {
  cpuMessageMs: 0.02,
  cpuByteMs: 5e-7,
  upBytesPerMs: 1.25e6,
  downBytesPerMs: 1.25e6,
  rackLatencyMs: 0.03,
  zoneLatencyMs: 0.05,
  farLatencyMs: 0.5,
  silenceMs: 2_000,
  socketBytes: 256 * 1024,
}

/** Where nodes stand: node `i` is in rack ⌊i ÷ nodesARack⌋, a rack in zone ⌊rack ÷ racksAZone⌋. */
export type Topology = { readonly nodesARack: number; readonly racksAZone: number }

export const DEFAULT_TOPOLOGY: Topology = { nodesARack: 32, racksAZone: 64 }

/** One way, in milliseconds, between the nodes numbered `a` and `b`. */
export class Distances {
  readonly #costs: NetworkCosts
  readonly #topology: Topology

  constructor(costs: NetworkCosts, topology: Topology) {
    this.#costs = costs
    this.#topology = topology
  }

  latencyMs(a: number, b: number): number {
    const { nodesARack, racksAZone } = this.#topology
    const rackA = Math.floor(a / nodesARack)
    const rackB = Math.floor(b / nodesARack)
    if (rackA === rackB) return this.#costs.rackLatencyMs
    const isNear = Math.floor(rackA / racksAZone) === Math.floor(rackB / racksAZone)
    return isNear ? this.#costs.zoneLatencyMs : this.#costs.farLatencyMs
  }
}
