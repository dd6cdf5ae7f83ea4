// A volume's source as a peer opens it: the directory, with the calls made on it timed and counted.
import { codeOf, PotluckError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/log.ts'
import type { Source } from '../../src/ports/source.ts'
import { SOURCE_CALLS, Timings, timedSource } from '../api/metrics/timings.ts'
import type { TimingsByName } from '../api/metrics/timings.ts'
import type { Counters } from '../api/protocol.ts'
import { openDirectorySource, openWritableSource } from '../source/open-source.ts'
import type { PeerSettings } from './settings.ts'

export type OpenSource = {
  readonly source: Source
  readonly timings: TimingsByName
  /** So far: `reads` and `lists` asked of the source, `bytes` and the system calls made for them. */
  readonly counts: () => Counters
}

/**
 * @throws PotluckError ENOENT, ENOTDIR, EACCES, ETIMEDOUT about the directory; EROFS where it is to be
 *   written to, and can't be
 */
export async function openSource(
  directory: string,
  { sourceTimeoutMs: timeoutMs, write }: Pick<PeerSettings, 'sourceTimeoutMs' | 'write'>,
  log: Log,
): Promise<OpenSource> {
  const open = write === 'off' ? openDirectorySource : openWritableSource
  const opened = await open({ directory, timeoutMs, log }).catch(explain(directory))
  const timings = new Map<string, Timings>(SOURCE_CALLS.map((call) => [call, new Timings()]))
  return {
    source: timedSource(opened, timings),
    timings,
    counts() {
      const { bytes, ...storage } = opened.counts()
      const named = Object.entries(storage).map(
        ([name, count]) => [`storage_${name}`, count] as const,
      )
      return {
        reads: timings.get('read')?.count ?? 0,
        lists: timings.get('list')?.count ?? 0,
        bytes,
        ...Object.fromEntries(named),
      }
    },
  }
}

function explain(directory: string): (cause: unknown) => never {
  return (cause) => {
    const code = codeOf(cause)
    if (code === 'EROFS') {
      const what = 'mount it for writing, or leave --write out'
      const message = `--write: "${directory}" is mounted read-only; ${what}`
      throw new PotluckError(code, message, { cause })
    }
    const why = code === 'ENOENT' ? 'is not there' : code === 'ENOTDIR' ? 'is not a directory' : ''
    const said = why === '' ? `can't be opened (${code})` : `${why}; name a directory`
    const message = `--source: "${directory}" ${said}`
    throw new PotluckError(code, message, { cause })
  }
}
