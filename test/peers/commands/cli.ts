// Runs the real command line as a process of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const PROGRAM = fileURLToPath(new URL('../../../peers/potluck.ts', import.meta.url))

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** A home directory with nothing in it, removed when the tests of a file are over. */
export function temporaryHome(): string {
  const home = mkdtempSync(path.join(os.tmpdir(), 'potluck-test-'))
  test.after.always(() => rmSync(home, { recursive: true }))
  return home
}

/** With no configuration of this user's: HOME and the directories point to `home`. */
export function runCli(
  given: readonly string[],
  home: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...given], {
      cwd: home,
      env: { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}
