// Runs one reader process per task, all at once, and gathers what they found.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PotluckError } from '../../../src/base/errors.ts'
import type { ReaderMessage, ReaderTask } from './reader-messages.ts'

export type Finished = Extract<ReaderMessage, { type: 'done' }>

export type ReadersInit = {
  readonly tasks: readonly ReaderTask[]
  /** Bytes read so far by all readers together. */
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
}

const PROGRAM = fileURLToPath(new URL('./reader.ts', import.meta.url))

/**
 * No reader is left in any case.
 *
 * @throws PotluckError EIO with what a reader failed with; ABORTED
 */
export async function runReaders({
  tasks,
  onProgress,
  signal,
}: ReadersInit): Promise<readonly Finished[]> {
  const bytes = tasks.map(() => 0)
  const children = tasks.map(() => fork(PROGRAM, [], { serialization: 'advanced', execArgv: [] }))
  const killAll = (): void => children.forEach((child) => child.kill('SIGKILL'))
  signal.addEventListener('abort', killAll)
  try {
    const results = children.map((child, index) =>
      follow(child, (message) => {
        bytes[index] = message.bytes
        onProgress(bytes.reduce((sum, each) => sum + each, 0))
      }),
    )
    children.forEach((child, index) => child.send(tasks[index] as ReaderTask))
    return await Promise.all(results)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', killAll)
    killAll()
  }
}

function follow(
  child: ChildProcess,
  onProgress: (message: { readonly bytes: number }) => void,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: ReaderMessage) => {
      if (message.type === 'failed')
        return reject(new PotluckError('EIO', `a reader failed: ${message.message}`))
      onProgress(message)
      if (message.type === 'done') resolve(message)
    })
    child.once('error', reject)
    child.once('exit', (code, name) => {
      reject(new PotluckError('EIO', `a reader ended early (${name ?? `exit code ${code}`})`))
    })
  })
}
