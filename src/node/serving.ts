import { checksumOf } from '../block/checksum.ts'
import type { SourceAnswer } from '../authority/directory-authority.ts'
import { Fetcher, type FetcherInit } from '../fetch/fetcher.ts'
import type { Fetched } from '../fetch/flight.ts'
import type { Lending } from '../fetch/lending/lending.ts'
import type { PeerTable } from '../placement/peer-table.ts'
import { authoritiesOf, type Expecting } from './volumes/authorities.ts'
import type { NodePorts, VolumeInit } from './mesh-node.ts'
import { Server, type ServerInit } from '../serve/server.ts'
import { Shard } from '../shard/shard.ts'
import { type TunedInit, TUNING, type Tuning } from './tuning.ts'
import { volumeIdOf } from './volumes/volume-room.ts'

const FLIGHTS_MAX = 4096

type FetchingInit = Omit<
  FetcherInit,
  keyof NodePorts | 'random' | 'checksum' | 'authorities' | 'hedging'
> & {
  readonly volumes: readonly VolumeInit[]
  readonly tuning: Tuning
  readonly expected: Expecting
}

/** This node's RAM, with a part for what is pinned; what there is no room for is lent to others. */
export function shardOf(
  { ramBytes, heat }: TunedInit,
  table: PeerTable,
  lending: () => Lending,
): Shard {
  return new Shard({
    capacityBytes: ramBytes,
    pinCapacityBytes: Math.floor(ramBytes * (heat?.pinShare ?? 0)),
    isHome: (key) => table.isHome(key) && lending().to(key) === undefined,
    onHomeEvicted: (key, block, of) => lending().evicted(key, block, of),
  })
}

/** Brings blocks from peers, and from the sources that are mounted here. */
export function fetcherOver(ports: NodePorts, init: FetchingInit): Fetcher {
  const { volumes, tuning, stamps, expected } = init
  return new Fetcher({
    ...ports,
    ...init,
    random: ports.random.fork('fetch'),
    checksum: ports.checksum ?? checksumOf,
    authorities: authoritiesOf(volumes, { ...ports, stamps, tuning, expected }),
    hedging: tuning.hedging,
  })
}

/** Answers peers out of the same fetcher that the node's own programs read by. */
export function serverOver(
  fetcher: Fetcher,
  { volumes, tuning }: TunedInit,
  ports: Pick<ServerInit, 'network' | 'counters' | 'newsOf' | 'now'>,
): Server {
  const { uploadBudgetBytes, referralBytes } = { ...TUNING, ...tuning }
  const withSource = new Set(
    volumes.filter((volume) => volume.source !== undefined).map(volumeIdOf),
  )
  return new Server({
    ...ports,
    volumes: new Set(volumes.map(volumeIdOf)),
    uploadBudgetBytes,
    referralBytes,
    flightsMax: FLIGHTS_MAX,
    flights: () => fetcher.flights,
    lentTo: (key) => fetcher.lending.to(key),
    peek: (want, key) => fetcher.peek(want, key),
    fetch: (want, signal) => fetcher.fetch(want, { signal }).then(answerOf),
    readSource: (want, signal) =>
      withSource.has(want.volume) ? fetcher.readSource(want, { signal }).then(answerOf) : undefined,
  })
}

function answerOf({ answer }: Fetched): SourceAnswer {
  return answer
}
