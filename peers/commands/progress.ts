// A progress bar on a terminal; nowhere else, where it would only fill a log.
import { SingleBar } from 'cli-progress'
import { formatBytes } from './options/quantities.ts'
import type { Terminal } from './terminal.ts'

export type Bar = { update(done: number, total: number, note?: string): void; stop(): void }

const FORMAT = '{label} [{bar}] {percentage}% {note}'

export function progressBar(terminal: Terminal, label: string): Bar {
  if (!terminal.isWatched) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({
    format: FORMAT,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    linewrap: false,
  })
  bar.start(1, 0, { label, note: '' })
  return {
    update(done, total, note = `${formatBytes(done)} of ${formatBytes(total)}`) {
      bar.setTotal(Math.max(total, 1))
      bar.update(done, { label, note })
    },
    stop: () => bar.stop(),
  }
}
