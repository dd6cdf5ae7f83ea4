// One of the threads that change the source, asked for one change at a time.
import { parentPort } from 'node:worker_threads'
import { prepareThread } from './act-as.ts'
import { changeFile } from './file-changes.ts'
import { changeInode } from './inode-changes.ts'
import { changeName, type Done } from './name-changes.ts'
import type { ThreadAnswer, ThreadRequest } from './thread-messages.ts'

prepareThread()

parentPort?.on('message', (request: ThreadRequest) => parentPort?.postMessage(answer(request)))

function answer({ task, caller }: ThreadRequest): ThreadAnswer {
  try {
    return perform({ task, caller })
  } catch (error) {
    const { code = 'EIO', message } = error as NodeJS.ErrnoException
    return { code, message }
  }
}

function perform({ task, caller }: ThreadRequest): Done {
  switch (task.kind) {
    case 'name':
      return changeName(task.change, task.places, caller)
    case 'inode':
      return changeInode(task.change, task.places, caller)
    case 'file':
      return changeFile(task.change, task.places, caller)
  }
}
