// All that a peer keeps on its own disk, under `--state DIR`, so that it knows it at its next start.
// Everything there is a hint or can be wished again: a peer must start without any of it.
import type { Log } from '../../src/base/log.ts'
import { openPinFile, type PinFile } from './pin-file.ts'
import { openTraceFiles, type TraceFiles } from './trace-files.ts'

export type State = {
  /** By volume; none where nothing is kept. */
  readonly traces: ReadonlyMap<string, TraceFiles>
  /** Undefined where nothing is kept. */
  readonly pins?: PinFile
  /** Resolves when all is written. */
  readonly settled: () => Promise<void>
}

/** @throws PotluckError EACCES and the like where the directory can't be made or read */
export async function openState(
  state: string | undefined,
  volumes: readonly string[],
  log: Log,
): Promise<State> {
  const traces = new Map<string, TraceFiles>()
  if (state === undefined) return { traces, settled: async () => {} }
  for (const volume of volumes) traces.set(volume, await openTraceFiles({ state, volume }, log))
  const pins = await openPinFile(state, log)
  const all = [...traces.values(), pins]
  return {
    traces,
    pins,
    settled: async () => void (await Promise.all(all.map((each) => each.settled()))),
  }
}
