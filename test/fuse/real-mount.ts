// Real mounts for tests. Programs that look at a mount run in processes of their own, since the
// process of a test serves it. Whatever a test does to it, nothing is left mounted, and nothing
// hangs: the connection is aborted through fusectl where a plain unmount does not help.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { mountVolume } from '../../fuse/mount.ts'
import type { Mount, MountInit } from '../../fuse/driver.ts'
import { mountTable } from '../../fuse/system/mount-table.ts'
import type { LogLevel } from '../../src/base/log.ts'
import { noFuse, notRoot, type Reason } from '../reasons.ts'
import { MemoryVolume, type Tree } from './memory-volume.ts'

export const cannotMount: Reason = notRoot() ?? noFuse()

const PROGRAM_MS = 60_000
const execute = promisify(execFile)

/** Runs a program to its end and gives its output. Fails if it does, or takes too long. */
export async function run(program: string, ...options: string[]): Promise<string> {
  const { stdout } = await execute(program, options, {
    timeout: PROGRAM_MS,
    killSignal: 'SIGKILL',
    encoding: 'latin1',
    maxBuffer: 64 << 20,
    env: { ...process.env, LC_ALL: 'C' },
  })
  return stdout
}

/** The error a program ends with. */
export async function runFailing(program: string, ...options: string[]): Promise<string> {
  try {
    await run(program, ...options)
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? String(error)
  }
  throw new Error(`${program} ${options.join(' ')} was to fail`)
}

/** Runs JavaScript in another Node, with `require` and the path as `process.argv[1]`. */
export function runScript(script: string, ...options: string[]): Promise<string> {
  return run(process.execPath, '-e', script, ...options)
}

export function spawnProgram(program: string, ...options: string[]): ChildProcess {
  return spawn(program, options, { stdio: ['pipe', 'pipe', 'inherit'] })
}

export type Mounted = {
  readonly volume: MemoryVolume
  readonly mount: Mount
  readonly path: string
  readonly log: readonly string[]
  /** A path below the mount point. */
  readonly at: (name: string) => string
}

export function makeMountPoint(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'potluck-fuse-'))
  t.teardown(() => cleanUp(path))
  return path
}

/** Mounts a tree for the time of a test. */
export async function mountTree(
  t: ExecutionContext,
  tree: Tree | MemoryVolume,
  init: Partial<MountInit> = {},
): Promise<Mounted> {
  const path = makeMountPoint(t)
  const volume = tree instanceof MemoryVolume ? tree : new MemoryVolume(tree)
  const log: string[] = []
  const keep = (level: LogLevel, message: string) => void log.push(`${level}: ${message}`)
  const mount = await mountVolume({ volume, mountPoint: path, log: keep, ...init })
  t.teardown(async () => {
    const timer = setTimeout(() => abort(path), 5000)
    await mount.unmount()
    clearTimeout(timer)
  })
  return { volume, mount, path, log, at: (name) => join(path, name) }
}

/** Unmounts whatever is left at a path and removes it. Touches nothing that is mounted there. */
function cleanUp(path: string): void {
  while (mountTable().some(({ mountPoint }) => mountPoint === path)) {
    abort(path)
    execFileSync('umount', ['-l', path])
  }
  rmdirSync(path)
}

const CONNECTIONS = '/sys/fs/fuse/connections'

/** Ends a connection as the kernel's administrator can: every request in it fails. */
function abort(path: string): void {
  const mounted = mountTable().findLast(({ mountPoint }) => mountPoint === path)
  if (mounted === undefined) return
  if (readdirSync(CONNECTIONS).length === 0) {
    execFileSync('mount', ['-t', 'fusectl', 'fusectl', CONNECTIONS])
  }
  writeFileSync(join(CONNECTIONS, String(mounted.minor), 'abort'), '1')
}

/** Waits for something that happens soon, looking again and again. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PROGRAM_MS
  while (!(await what())) {
    if (Date.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
