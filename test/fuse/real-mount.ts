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
import type { Volume } from '../../src/volume/volume.ts'
import { noFuse, notRoot, type Reason } from '../reasons.ts'
import { until } from '../until.ts'
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

/** Runs Python, which has the system calls that Node lacks, with the path as `at`. */
export function runPython(script: string, path: string, ...options: string[]): Promise<string> {
  const whole = `${PRELUDE}${script}`
  const self = `SCRIPT = ${JSON.stringify(whole)}\n`
  return run('python3', '-c', script.includes('SCRIPT') ? self + whole : whole, path, ...options)
}

const PRELUDE = `
import ctypes, errno, fcntl, mmap, os, signal, stat, struct, subprocess, sys, time
at = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
def p(*names): return os.path.join(at, *names)
def errno_of(call, *args, **more):
    try: call(*args, **more)
    except OSError as error: return errno.errorcode[error.errno]
    return 'done'
def checked(result):
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def renameat2(a, b, flags):
    return checked(libc.renameat2(-100, a.encode(), -100, b.encode(), flags))
def fallocate(fd, mode, start, length): return checked(libc.fallocate(fd, mode, start, length))
def put(path, content):
    with open(path, 'wb') as f: f.write(content)
def get(path):
    with open(path, 'rb') as f: return f.read()
`

export function spawnProgram(program: string, ...options: string[]): ChildProcess {
  return spawn(program, options, { stdio: ['pipe', 'pipe', 'inherit'] })
}

export type Mounted<V extends Volume = MemoryVolume> = {
  readonly volume: V
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
export function mountTree(
  t: ExecutionContext,
  tree: Tree | MemoryVolume,
  init: Partial<MountInit> = {},
): Promise<Mounted> {
  return mount(t, tree instanceof MemoryVolume ? tree : new MemoryVolume(tree), init)
}

/** Mounts a volume for the time of a test. */
export async function mount<V extends Volume>(
  t: ExecutionContext,
  volume: V,
  init: Partial<MountInit> = {},
): Promise<Mounted<V>> {
  const path = makeMountPoint(t)
  const log: string[] = []
  const keep = (level: LogLevel, message: string) => void log.push(`${level}: ${message}`)
  const mounted = await mountVolume({ volume, mountPoint: path, log: keep, ...init })
  t.teardown(async () => {
    const timer = setTimeout(() => abort(path), 5000)
    await mounted.unmount()
    clearTimeout(timer)
  })
  return { volume, mount: mounted, path, log, at: (name) => join(path, name) }
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

/** Waits until the kernel has been told all that the volume said. */
export async function told({ mount }: Pick<Mounted<Volume>, 'mount'>): Promise<void> {
  await until(() => {
    const count = (name: string) => mount.counters()[name] ?? 0
    // What the kernel has dropped by itself, it does not know.
    const done = count('fuse_notifies_total') + count('fuse_notifies_unknown_total')
    return count('fuse_invalidations_waiting') === 0 && done >= count('fuse_invalidations_total')
  })
}

/**
 * Whether the kernel answers by itself what it knows, but for `most` more `calls`: once in five times at
 * least, since a machine that is short of memory may drop what it keeps at any moment.
 */
export async function isKept(
  calls: () => number | undefined | Promise<number>,
  again: () => Promise<unknown>,
  most = 0,
): Promise<boolean> {
  for (let times = 0; times < 5; times++) {
    const before = (await calls()) ?? 0
    await again()
    if (((await calls()) ?? 0) - before <= most) return true
  }
  return false
}
