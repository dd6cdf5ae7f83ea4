// What must be done before the process ends: a mount left behind would be dead. One listener serves
// all mounts. It must not wait for anything: no event loop runs any more.

const pending = new Set<() => void>()

function runAll(): void {
  for (const task of pending) task()
}

/** Runs a task when the process ends by itself. @returns what takes it back */
export function beforeExit(task: () => void): () => void {
  if (pending.size === 0) process.on('exit', runAll)
  pending.add(task)
  return () => {
    pending.delete(task)
    if (pending.size === 0) process.off('exit', runAll)
  }
}
