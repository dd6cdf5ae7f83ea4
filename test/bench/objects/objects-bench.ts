// `npm run bench:objects`: the object store against lmdb and classic-level in one process, and as a
// server against Redis over a Unix socket, in one run; then what collection costs: write amplification
// and latencies of a store that is 80 % full and overwritten. It measures and prints, and asserts
// nothing.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compare } from './compare.ts'
import { type ObjectsBenchOptions, readOptions } from './options.ts'
import { overwriteOften } from './overwrite.ts'
import { openRedis, openServed } from './served-stores.ts'
import { openLevel, openLmdb, openOwn, type Store } from './stores.ts'

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

async function compareInProcess(options: ObjectsBenchOptions): Promise<void> {
  const stores = [await openOwn(options)]
  for (const open of [openLevel, openLmdb]) {
    await open(options).then(
      (store) => stores.push(store),
      (error: Error) => say(`left out: ${error.message}`),
    )
  }
  await compareAndClose('in one process', stores, options)
}

async function compareServed(options: ObjectsBenchOptions): Promise<void> {
  const stores = [await openServed(options)]
  if (existsSync(options.redis)) {
    for (const fsync of ['everysec', 'always'] as const) {
      stores.push(await openRedis(options, fsync))
    }
  } else say(`left out: Redis: there is no ${options.redis} (--redis)`)
  await compareAndClose('each a process of its own, over its Unix socket', stores, options)
}

async function compareAndClose(
  title: string,
  stores: readonly Store[],
  options: ObjectsBenchOptions,
): Promise<void> {
  await compare(title, stores, options)
  for (const store of stores) await store.close()
}

async function main(): Promise<number> {
  const given = readOptions(process.argv.slice(2))
  if (given === undefined) return 2
  const directory = mkdtempSync(join(given.directory, 'objects-bench-'))
  const options = { ...given, directory }
  // However it ends; servers end before, by listeners that go first.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  try {
    if (options.only.includes('process')) await compareInProcess(options)
    if (options.only.includes('socket')) await compareServed(options)
    if (options.only.includes('overwrite')) await overwriteOften(options)
    return 0
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    return 1
  }
}

// Servers and stores that a failure left open would keep the process.
process.exit(await main())
