// What people pinned by hand, `pins.json` under `--state DIR`: pins outlive the whole mesh where one node has
// them there. Byte strings of paths are written as JSON strings of the same characters. What lies there is
// checked as if it came from the network; what can't be understood is said, and written over at the next pin.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../../src/base/log.ts'
import type { PinWish } from '../../src/ports/heat/heat-messages.ts'
import { MAX_PATH_BYTES, MAX_WISHES } from '../../src/wire/limits.ts'
import { decodeReply, encodeReply } from '../../src/wire/reply.ts'
import { readWhole, writeWhole } from './whole-file.ts'

const FILE_BYTES_MAX = MAX_WISHES * 2 * MAX_PATH_BYTES

export type PinFile = {
  /** Those that lay there at the start. */
  readonly wishes: readonly PinWish[]
  /** Writes all of them; what fails is logged. */
  readonly keep: (wishes: readonly PinWish[]) => void
  /** Resolves when all is written. */
  readonly settled: () => Promise<void>
}

export async function openPinFile(state: string, log: Log): Promise<PinFile> {
  const file = path.join(state, 'pins.json')
  let next: readonly PinWish[] | undefined
  let last = Promise.resolve()
  const write = async (): Promise<void> => {
    const text = JSON.stringify(next, undefined, 1)
    next = undefined
    await mkdir(state, { recursive: true, mode: 0o700 })
    await writeWhole(file, Buffer.from(text))
  }
  const keep = (wishes: readonly PinWish[]) => {
    const isQueued = next !== undefined
    next = wishes
    // One after another; what comes while one waits goes in its place.
    if (isQueued) return
    last = last
      .then(write)
      .catch((error: unknown) => log('warn', `${file} can't be kept: ${String(error)}`))
  }
  return { wishes: await readWishes(file, log), keep, settled: () => last }
}

async function readWishes(file: string, log: Log): Promise<readonly PinWish[]> {
  try {
    const bytes = await readWhole(file, FILE_BYTES_MAX)
    return checked(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    log('warn', `${file} is passed over: ${String(error)}`)
    return []
  }
}

/** @throws Error where a peer would not be believed this */
function checked(wishes: readonly PinWish[]): readonly PinWish[] {
  const { head, payload } = encodeReply({ type: 'heat', answer: { step: 'wishes', wishes } })
  const reply = decodeReply(head, payload)
  return reply.type === 'heat' && reply.answer.step === 'wishes' ? reply.answer.wishes : []
}
