// The demo's temporary directory, with mount points in it: taken away whatever happens, and never
// emptied through a mount that is still there.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export type Workspace = {
  readonly directory: string
  /** Path of something in it. */
  readonly at: (name: string) => string
  makeDirectory(name: string): string
  /** Unmounts what is left, by force, and removes the directory: synchronous, for an exit. */
  remove(): void
}

/** @param keep leaves the files (logs) where they are, but no mount */
export function makeWorkspace(keep: boolean): Workspace {
  // The kernel's list of mounts knows no symbolic links.
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'potluck-demo-')))
  const at = (name: string): string => path.join(directory, name)
  writeFileSync(at('config.yaml'), '')
  return {
    directory,
    at,
    makeDirectory(name) {
      mkdirSync(at(name), { recursive: true, mode: 0o700 })
      return at(name)
    },
    remove() {
      for (const mountPoint of mountsBelow(directory)) forceUnmount(mountPoint)
      if (!keep && mountsBelow(directory).length === 0)
        rmSync(directory, { recursive: true, force: true })
    },
  }
}

function mountsBelow(directory: string): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => unescapeMount(line.split(' ')[1] ?? ''))
    .filter((mountPoint) => mountPoint.startsWith(`${directory}/`))
}

/** The kernel writes spaces and the like in octal. */
function unescapeMount(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}

function forceUnmount(mountPoint: string): void {
  const isRoot = process.getuid?.() === 0
  const [program, ...rest] = isRoot ? ['umount', '-l'] : ['fusermount3', '-u', '-z']
  spawnSync(program as string, [...rest, mountPoint], { stdio: 'ignore' })
}
