import type { PeerSettings } from '../../composition/settings.ts'
import { parseDurationFrom, parseSizeWithin } from './quantities.ts'
import type { OptionReader } from './read-options.ts'
import { parseWord } from './values.ts'

const MEBI = 1024 * 1024
/** A few of the largest writes; and what may be lost with two nodes. */
const LEAST_DIRTY = 4 * MEBI
const MOST_DIRTY = 16_384 * MEBI

/** What counts with `--write back`. */
export function backSettings(options: OptionReader): PeerSettings['back'] {
  const flushOnClose = options.one('flush-on-close', parseWord(['yes', 'no']))
  const dirtyBytes = options.one('dirty', parseSizeWithin(LEAST_DIRTY, MOST_DIRTY))
  const dirtyAgeMs = options.one('dirty-age', parseDurationFrom(100))
  return {
    ...(flushOnClose !== undefined && { flushOnClose: flushOnClose === 'yes' }),
    ...(dirtyBytes !== undefined && { dirtyBytes }),
    ...(dirtyAgeMs !== undefined && { dirtyAgeMs }),
  }
}
