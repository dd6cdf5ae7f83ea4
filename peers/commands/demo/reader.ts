// A program of its own that reads one tree: the demo's readers must not live in the peers' process,
// since a process that waits for its own mount waits for ever.
import { ApiClient } from '../../api/api-client.ts'
import type { ReaderMessage, ReaderTask } from './reader-messages.ts'
import { apiTree, directoryTree, readTree } from './reading.ts'

const PROGRESS_EVERY_MS = 100

function tell(message: ReaderMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}

async function read(task: ReaderTask): Promise<void> {
  const client = task.type === 'api' ? new ApiClient(task.socket) : undefined
  const tree =
    task.type === 'api' && client
      ? apiTree(client, task.volume)
      : directoryTree(task.type === 'directory' ? task.root : '')
  const sentences: [string, string][] = []
  let bytes = 0
  const timer = setInterval(
    () => void tell({ type: 'progress', files: sentences.length, bytes }),
    PROGRESS_EVERY_MS,
  )
  const from = performance.now()
  try {
    const onRead = (path: string, sentence: string, read: number): void => {
      sentences.push([path, sentence])
      bytes += read
    }
    await readTree(tree, onRead, task.only)
  } finally {
    clearInterval(timer)
    client?.close()
  }
  const seconds = (performance.now() - from) / 1000
  await tell({ type: 'done', files: sentences.length, bytes, seconds, sentences })
}

// A demo that is gone needs no reader; Ctrl-C is the demo's to handle.
process.once('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
process.once('message', (task: ReaderTask) => {
  read(task)
    .catch((error: unknown) =>
      tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
    .then(
      () => process.disconnect(),
      () => process.exit(1),
    )
})
