// What the API says of heat, and takes of it: a picture of now and of the last half hour, and pins by
// hand. It must never wait for another peer: what is known here is answered, and what is wished is
// told to the others in its own time.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PotluckError } from '../../../src/base/errors.ts'
import type { Heat } from '../../../src/node/heat/heat-status.ts'
import type { MeshNode } from '../../../src/node/mesh-node.ts'
import { bodyPath, bodySwitch, bodyText, readBody } from '../request.ts'
import { sendJson } from '../send-json.ts'

type HeatExchange = {
  readonly subject: { readonly node: MeshNode }
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

type Handler = (exchange: HeatExchange) => Promise<void>

export const HEAT_ROUTES: readonly (readonly [string, Handler])[] = [
  ['GET /heat', answerHeat],
  ['POST /pin', answerPin],
]

/** @throws PotluckError ENOTSUP where nothing is counted */
function heatOf({ subject }: HeatExchange): Heat {
  const { heat } = subject.node
  if (heat !== undefined) return heat
  const message = 'this peer counts no uses; start it with --pin-ram above 0'
  throw new PotluckError('ENOTSUP', message)
}

async function answerHeat(exchange: HeatExchange): Promise<void> {
  sendJson(exchange.response, heatOf(exchange).status())
}

async function answerPin(exchange: HeatExchange): Promise<void> {
  const body = await readBody(exchange.request)
  heatOf(exchange).wish(bodyText(body, 'volume'), bodyPath(body), bodySwitch(body, 'isPinned'))
  sendJson(exchange.response, {})
}
