// What every case is given, and the files it reads.
import { randomFillSync } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { Workspace } from '../../peers/commands/demo/workspace.ts'
import type { Client } from './client.ts'

export type Bench = {
  readonly workspace: Workspace
  readonly client: Client
  readonly repeats: number
  readonly signal: AbortSignal
  /** Progress, for a person. */
  readonly say: (text: string) => void
}

const BLOCK = 4096
const PIECE = 1024 * 1024

/** Files of 4 KiB named by number. */
export function writeSmallFiles(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true })
  const bytes = Buffer.alloc(BLOCK)
  for (let index = 0; index < count; index++) {
    writeFileSync(path.join(directory, String(index)), randomFillSync(bytes))
  }
}

/** Random bytes: nothing on the way may get cheaper by their being alike. */
export function writeLargeFile(file: string, pieces: number): void {
  const opened = openSync(file, 'wx')
  const bytes = Buffer.alloc(PIECE)
  for (let index = 0; index < pieces; index++) writeSync(opened, randomFillSync(bytes))
  closeSync(opened)
}

/** Which comes first changes from repeat to repeat, so that neither has the warmer machine. */
export async function inTurn<First, Second>(
  repeat: number,
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> {
  if (repeat % 2 === 0) {
    const one = await first()
    return [one, await second()]
  }
  const other = await second()
  return [await first(), other]
}
