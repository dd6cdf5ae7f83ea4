// Waits until two mounts know of each other's changes. What a peer tells is numbered and taken in
// order, so whoever has heard of a later change has heard of all before it.
import { randomUUID } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hold } from './tools/checks.ts'

const LONGEST_MS = 20_000
const LOOK_MS = 2

/** @throws PotluckError EIO where one does not hear of the other for 20 s */
export async function settle(one: string, other: string): Promise<void> {
  await hears(other, one)
  await hears(one, other)
}

/** Hears of a name that comes, and then of an inode that changes: the kernel is told of these apart. */
async function hears(listener: string, speaker: string): Promise<void> {
  const name = `.settled-${randomUUID()}`
  const [heard, told] = [path.join(listener, name), path.join(speaker, name)]
  // Looked for before it is there: the listener then knows the directory, and believes that the name
  // is absent until it is told. Without that it would look at the source, and have heard of nothing.
  hold((await sizeOf(heard)) === undefined, `${name} is there before it was made`)
  for (const [size, text] of ['', '1'].entries()) {
    await writeFile(told, text)
    const until = performance.now() + LONGEST_MS
    while ((await sizeOf(heard)) !== size) {
      hold(performance.now() < until, `${listener} does not hear of what ${speaker} changes`)
      await sleep(LOOK_MS)
    }
  }
  await rm(told)
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
