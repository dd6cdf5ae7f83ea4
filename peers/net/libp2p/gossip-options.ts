import type { GossipsubOpts } from '@libp2p/gossipsub'
import { StrictNoSign } from '@libp2p/gossipsub'
import { MAX_GOSSIP_BYTES } from '../../../src/wire/limits.ts'

/** Before a rumor's bytes: who is sending it (8 bytes, random a life) and its number (4 bytes). */
export const ENVELOPE_BYTES = 12

/** The most messages of one exchange; a peer that sends more is cut off. */
const DECODE_LIMITS = {
  maxSubscriptions: 64,
  maxMessages: 1_024,
  maxIhaveMessageIDs: 2_048,
  maxIwantMessageIDs: 2_048,
  maxIdontwantMessageIDs: 512,
  maxControlMessages: 2_048,
  maxPeerInfos: 16,
}

export const GOSSIP_OPTIONS: Partial<GossipsubOpts> = {
  // Connections are authenticated and their peers hold the mesh key; a signature costs a
  // millisecond a node and publish and would prove nothing more.
  globalSignaturePolicy: StrictNoSign,
  msgIdFn: ({ data }) => data.subarray(0, ENVELOPE_BYTES),
  // A mesh forms at a heartbeat; nodes that start together should not wait a second for it.
  heartbeatInterval: 400,
  floodPublish: true,
  batchPublish: true,
  emitSelf: false,
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  fallbackToFloodsub: false,
  doPX: false,
  maxInboundDataLength: 2 * MAX_GOSSIP_BYTES,
  maxOutboundBufferSize: 16 * MAX_GOSSIP_BYTES,
  maxInboundStreams: 4,
  maxOutboundStreams: 4,
  decodeRpcLimits: DECODE_LIMITS,
  // Peers of a job often share one address (containers, gateways, loopback): no penalty for that.
  scoreParams: { IPColocationFactorWeight: 0 },
}
