import { once } from 'node:events'
import type { Terminal } from './terminal.ts'

/** Resolves at the first signal to stop; with `untilEof` also when standard input ends. */
export async function untilTold({ interrupted }: Terminal, untilEof: boolean): Promise<void> {
  if (interrupted.aborted) return
  const told = once(interrupted, 'abort')
  if (!untilEof) return void (await told)
  process.stdin.resume()
  const ended = new Promise<void>((resolve) => {
    process.stdin
      .once('end', resolve)
      .once('close', resolve)
      .once('error', () => resolve())
  })
  await Promise.race([told, ended])
  process.stdin.destroy()
}
