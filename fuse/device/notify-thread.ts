// A worker thread that writes notifies. A write may sleep until a request that main has not yet
// answered is done, which is why no other thread may do it, and no thread of libuv's pool either:
// four mounts with one such write each would use up the pool that the source is read with.
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { assertPort, type FromNotifier, type NotifierInit } from './notify-messages.ts'
import type { ToNotifier } from './notify-messages.ts'

const port = assertPort(parentPort)
const { fd } = workerData as NotifierInit

port.on('message', ({ batch }: ToNotifier) => {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength)
  const failed: Record<string, number> = {}
  let sent = 0
  for (let at = 0; at < batch.length; at += view.getUint32(at, true)) {
    const code = writeNotify(batch, at, view.getUint32(at, true))
    if (code === undefined) sent++
    else failed[code] = (failed[code] ?? 0) + 1
  }
  port.postMessage({ sent, failed } satisfies FromNotifier)
})

/** @returns the errno's name if the kernel refused it: ENOENT says that it knew no such thing */
function writeNotify(batch: Uint8Array, at: number, length: number): string | undefined {
  try {
    writeSync(fd, batch, at, length)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  }
}
