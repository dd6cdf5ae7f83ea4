// Other people's programs, each in a process group of its own, so that whatever they start ends with
// them: when they take too long, when the run is interrupted, when this process exits.
import { spawn } from 'node:child_process'

export type ProgramOptions = {
  readonly cwd: string
  readonly signal: AbortSignal
  /** @default 120_000 */
  readonly limitMs?: number
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

export type Finished = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It was killed for taking too long. */
  readonly isLate: boolean
  /** Both outputs as they came, the last few MiB. */
  readonly output: string
}

const LIMIT_MS = 120_000
const MOST_OUTPUT = 8 << 20
/** One that is stuck in the kernel does not end when it is killed; it is left behind. */
const DYING_MS = 5_000

const groups = new Set<number>()

/** Runs to the end; only an interrupted run rejects. */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  { cwd, signal, limitMs = LIMIT_MS, env = {} }: ProgramOptions,
): Promise<Finished> {
  signal.throwIfAborted()
  const child = spawn(program, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...env },
  })
  const { pid } = child
  if (pid !== undefined) groups.add(pid)
  const output = new Tail()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => output.add(bytes))
  }
  let isLate = false
  const end = Promise.withResolvers<Pick<Finished, 'code' | 'signal'>>()
  child.once('error', (error) => end.reject(error))
  child.once('close', (code, name) => end.resolve({ code, signal: name }))
  const kill = (): void => {
    killGroup(pid)
    setTimeout(() => end.resolve({ code: null, signal: 'SIGKILL' }), DYING_MS).unref()
  }
  const timer = setTimeout(() => {
    isLate = true
    kill()
  }, limitMs)
  signal.addEventListener('abort', kill)
  try {
    const ended = await end.promise
    signal.throwIfAborted()
    return { ...ended, isLate, output: output.text() }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    killGroup(pid)
    if (pid !== undefined) groups.delete(pid)
  }
}

/** For an exit that can't wait. */
export function killPrograms(): void {
  for (const pid of groups) killGroup(pid)
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

class Tail {
  #chunks: Buffer[] = []
  #bytes = 0

  add(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
    while (this.#bytes > MOST_OUTPUT) this.#bytes -= this.#chunks.shift()?.length ?? this.#bytes
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }
}
