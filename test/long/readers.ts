// Runs timed readers, each a process of its own, so that one which fails disturbs no other.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { TimedMessage, TimedTask } from './timed-reader.ts'

const PROGRAM = fileURLToPath(new URL('./timed-reader.ts', import.meta.url))
/** As many reads at once as a reader makes; waiting for a thread would look like a slow read. */
const THREADS = '16'

export type Ending = Exclude<TimedMessage, { type: 'progress' }> | { readonly type: 'died' }

/** Never rejects. @param onProgress paths read so far */
export function runReader(
  t: ExecutionContext,
  task: TimedTask,
  onProgress: (paths: number) => void = () => undefined,
): Promise<Ending> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: THREADS }
  const child = fork(PROGRAM, [], { serialization: 'advanced', execArgv: [], env })
  t.teardown(() => child.kill('SIGKILL'))
  return new Promise((resolve) => {
    child.on('message', (message: TimedMessage) => {
      if (message.type === 'progress') onProgress(message.paths)
      else resolve(message)
    })
    child.once('exit', () => resolve({ type: 'died' }))
    child.send(task)
  })
}
