// The options about heat: when a file is pinned, and how much RAM pins may take.
import { HEAT } from '../../../src/node/heat/heat-status.ts'
import type { PeerSettings } from '../../composition/settings.ts'
import { usageError } from '../exit-codes.ts'
import { parseDurationFrom } from './quantities.ts'
import type { OptionReader } from './read-options.ts'

/** Room is left for what is read once, and for what pins push out. */
const MOST_SHARE = 0.9
export const LEAST_HALF_LIFE_MS = 1_000

/** @throws CommanderError of usage */
export function heatSettings(options: OptionReader): Pick<PeerSettings, 'heat'> {
  const pinShare = options.one('pin-ram', parseShare) ?? HEAT.pinShare
  const pinAbove = options.one('pin-above', parseRate) ?? HEAT.pinAbove
  const ratio = HEAT.unpinBelow / HEAT.pinAbove
  const unpinBelow = options.one('unpin-below', parseRate) ?? pinAbove * ratio
  const halfLifeMs =
    options.one('heat-half-life', parseDurationFrom(LEAST_HALF_LIFE_MS)) ?? HEAT.halfLifeMs
  if (unpinBelow > pinAbove) {
    throw usageError(`--unpin-below: ${unpinBelow} is above --pin-above ${pinAbove}; give less`)
  }
  return pinShare === 0 ? {} : { heat: { pinShare, pinAbove, unpinBelow, halfLifeMs } }
}

/** `25%` or `0.25`. */
function parseShare(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? []
  const share = Number(digits) / (percent === '%' ? 100 : 1)
  if (share >= 0 && share <= MOST_SHARE) return share
  throw new Error(`is not a share from 0 to ${MOST_SHARE * 100}%; write it like 25%`)
}

/** Accesses a second, `0.5`; or a minute or an hour, `30/m`, `100/h`. */
export function parseRate(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text.trim()) ?? []
  const seconds = { s: 1, m: 60, h: 3600 }[unit ?? 's'] ?? 1
  const rate = Number(digits) / seconds
  if (rate > 0 && rate <= 1e9) return rate
  throw new Error('is not a rate above 0; write accesses a second, 0.5, or a minute, 30/m')
}
