// Starts mount-child.ts and listens to what it says.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

export type Said = {
  readonly event: string
  readonly code?: string
  readonly message?: string
  readonly reason?: string
  readonly log?: readonly string[]
}

export type MountChild = {
  readonly pid: number
  /** The next thing it says. */
  readonly next: () => Promise<Said>
  readonly kill: () => Promise<void>
  /** Lets it unmount. */
  readonly end: () => void
  readonly exit: Promise<unknown>
}

export type ChildOptions = { readonly uid?: number; readonly mount?: object }

export function startChild(
  t: ExecutionContext,
  path: string,
  options: ChildOptions = {},
): MountChild {
  const { uid } = options
  const script = fileURLToPath(new URL('./mount-child.ts', import.meta.url))
  const child = spawn(process.execPath, [script, path, JSON.stringify(options.mount ?? {})], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid, env: { PATH: process.env['PATH'], HOME: '/' } }),
  })
  const exit = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  t.teardown(() => child.kill('SIGKILL'))
  return {
    pid: child.pid ?? 0,
    next: async () =>
      JSON.parse(String((await lines.next()).value ?? '{"event":"nothing"}')) as Said,
    kill: async () => {
      child.kill('SIGKILL')
      await exit
    },
    end: () => child.stdin.end(),
    exit,
  }
}
