// Runs the program that reads and writes, in C where there is a compiler.
import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** `touch` uses so many MiB of memory, and gives them back. */
export type Operation =
  | 'stat'
  | 'open'
  | 'pread'
  | 'scan'
  | 'create'
  | 'rename'
  | 'unlink'
  | 'pwrite'
  | 'fill'
  | 'touch'
export type Job = {
  readonly operation: Operation
  /** A directory of numbered files, or a file where it is read or written at offsets. */
  readonly target: string
  /** Files, blocks of 4 KiB, or pieces of 1 MiB: one round. */
  readonly count: number
  /** 0 for one round. */
  readonly seconds: number
}

export type Client = {
  readonly language: 'C' | 'node'
  /** Operations a second; of scan and fill, pieces of 1 MiB. Rejects when one fails. */
  run(job: Job, signal: AbortSignal): Promise<number>
}

const LONGEST_MS = 120_000
const execute = promisify(execFile)

/** @param program where to put the compiled program */
export function makeClient(program: string): Client {
  const isCompiled = compile(program)
  const script = fileURLToPath(new URL('client-node.ts', import.meta.url))
  const command = isCompiled ? [program] : [process.execPath, script]
  return {
    language: isCompiled ? 'C' : 'node',
    run: (job, signal) => runClient(command, job, signal),
  }
}

function compile(program: string): boolean {
  const text = fileURLToPath(new URL('client.c', import.meta.url))
  try {
    execFileSync('cc', ['-O2', '-o', program, text], { stdio: ['ignore', 'ignore', 'inherit'] })
    return true
  } catch (error) {
    process.stderr.write(`bench: no C compiler (${String(error)}); the client is Node\n`)
    return false
  }
}

async function runClient(
  [program = '', ...rest]: readonly string[],
  { operation, target, count, seconds }: Job,
  signal: AbortSignal,
): Promise<number> {
  const options = [...rest, operation, target, String(count), String(seconds)]
  const limits = { timeout: LONGEST_MS, killSignal: 'SIGKILL', signal } as const
  const { stdout } = await execute(program, options, limits)
  const [done = NaN, took = NaN] = stdout.trim().split(' ').map(Number)
  if (!(done > 0 && took > 0)) throw new Error(`the client said "${stdout}"`)
  return done / took
}
