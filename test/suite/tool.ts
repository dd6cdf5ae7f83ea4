// Runs one program out of node_modules/.bin as a check: its exit code decides, its output is shown
// only where it failed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Counts, reportCheck } from './counts.ts'

export const BIN = join(import.meta.dirname, '../../node_modules/.bin')

export async function runTool(name: string, command: readonly string[]): Promise<Counts> {
  const [program = '', ...args] = command
  const env = { ...process.env, NO_COLOR: '1' }
  const child = spawn(join(BIN, program), args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ])
  if (code === 0) return reportCheck(name, [])
  return reportCheck(`${name} (${command.join(' ')}: ${signal ?? code})`, [output + errors])
}
