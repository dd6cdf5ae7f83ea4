// The command `potluck`: from the process (arguments, signals, streams, exit code) to the commands
// and back. The composition root of the real thing; all below takes what it needs as arguments.
// Beside it lie the shell launchers, which bring Node and the dependencies before this file runs.
// It must leave the process with a meaning: 0 done, 2 usage, 3 refused, 4 unreachable, 1 the rest.
import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { EXIT, exitCodeOf } from './commands/exit-codes.ts'
import { makeProgram } from './commands/program.ts'
import type { Terminal } from './commands/terminal.ts'

function watchSignals(): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(EXIT.interrupted)
      interrupted.abort()
    })
  }
  return interrupted.signal
}

function terminalOfProcess(): Terminal {
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isWatched: process.stderr.isTTY === true,
    screen: () => (process.stdout.isTTY ? { rows: process.stdout.rows } : undefined),
    env: process.env,
    cwd: process.cwd(),
    interrupted: watchSignals(),
  }
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

// `npm start` alone shows the product; `potluck` alone shows what it can do.
function argumentsOf(argv: readonly string[], lifecycle: string | undefined): readonly string[] {
  if (argv.length > 0) return argv
  return [lifecycle === 'start' ? 'demo' : '--help']
}

async function main(): Promise<number> {
  const terminal = terminalOfProcess()
  // A reader such as `head` that has seen enough is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
  })
  try {
    const given = argumentsOf(process.argv.slice(2), process.env['npm_lifecycle_event'])
    await makeProgram(terminal, version()).parseAsync(given, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (isInterruption(error) && terminal.interrupted.aborted) return EXIT.interrupted
    complain(error, terminal)
    return exitCodeOf(error)
  }
}

function isInterruption(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return code === 'ABORTED' || name === 'AbortError'
}

// Commander has already printed its own errors, and help and version are none.
function complain(error: unknown, terminal: Terminal): void {
  if (error instanceof CommanderError && error.code !== 'potluck.usage') return
  const message = error instanceof Error ? error.message : String(error)
  terminal.err(`potluck: ${message}\n`)
  if (process.env['POTLUCK_LOG_LEVEL'] === 'debug' && error instanceof Error)
    terminal.err(`${error.stack}\n`)
}

/** How long calls on storage are waited for that nobody wants any more. */
const LAST_WAIT_MS = 1000

/** Storage that hangs keeps the threads that asked it, and would keep the process, for as long. */
function endThoughStorageHangs(code: number): void {
  const timer = setTimeout(() => {
    if (!process.getActiveResourcesInfo().includes('FSReqCallback')) return
    // Only here: most commands never need the library that makes system calls.
    void import('../fuse/system/libc.ts').then(({ exitNow }) => exitNow(code))
  }, LAST_WAIT_MS)
  timer.unref()
}

const exitCode = await main()
process.exitCode = exitCode
endThoughStorageHangs(exitCode)
