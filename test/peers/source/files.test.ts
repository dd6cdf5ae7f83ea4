import { appendFile, open, writeFile } from 'node:fs/promises'
import fs from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Path } from '../../../src/ports/messages.ts'
import { Directories } from '../../../peers/source/directories.ts'
import { Files } from '../../../peers/source/files.ts'
import { Calls } from '../../../peers/source/system/calls.ts'
import { Root } from '../../../peers/source/system/root.ts'
import { Storage } from '../../../peers/source/system/storage.ts'
import { makeFolder } from './fixture.ts'

/** Storage on which somebody writes to a file right after it was looked at for the first time. */
class WrittenStorage extends Storage {
  write: (() => Promise<void>) | undefined

  override async fstat(path: Path, descriptor: number): Promise<fs.BigIntStats> {
    const stats = await super.fstat(path, descriptor)
    const { write } = this
    this.write = undefined
    await write?.()
    return stats
  }
}

async function filesOver(t: ExecutionContext, folder: string) {
  const calls = new Calls({ concurrency: 4, timeoutMs: 30_000, log: () => undefined })
  const root = new Root(fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY))
  const storage = new WrittenStorage(calls, root)
  const { dev: rootDevice } = await storage.fstat('', root.descriptor)
  const directories = new Directories({ root, rootDevice, storage, capacity: 4 })
  const files = new Files({ directories, storage, capacity: 4 })
  t.teardown(async () => {
    await files.close()
    await directories.close()
    await storage.close(root.descriptor)
  })
  return { files, storage }
}

async function written(t: ExecutionContext, write: (path: string) => Promise<void>) {
  const folder = await makeFolder(t)
  const path = join(folder, 'f')
  await writeFile(path, 'old')
  const { files, storage } = await filesOver(t, folder)
  const inode = String(fs.statSync(path).ino)
  const { bytes: before } = await files.read('f', { inode, from: 0, length: 10 })
  storage.write = () => write(path)
  return { before, read: (length: number) => files.read('f', { inode, from: 0, length }) }
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('a file that grows while all of it is read is never shown cut, as it never was', async (t) => {
  const overwriteAndGrow = async (path: string) => {
    await appendFile(path, 'er')
    const file = await open(path, 'r+')
    await file.write('new', 0)
    await file.close()
  }
  for (const length of [3, 10]) {
    const { before, read } = await written(t, overwriteAndGrow)
    t.is(textOf(before), 'old')
    const { attributes, bytes } = await read(length)
    t.is(attributes.size, 5, 'who asked for three bytes hears that there are more')
    t.is(textOf(bytes), 'new')
  }
})

test('a file that is written while all of it is read has its new bytes', async (t) => {
  const { read } = await written(t, (path) => writeFile(path, 'new', { flag: 'r+' }))
  const { attributes, bytes } = await read(10)
  t.is(attributes.size, 3)
  t.is(textOf(bytes), 'new')
})
