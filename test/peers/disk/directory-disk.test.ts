import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DirectoryDisk } from '../../../peers/disk/directory-disk.ts'
import { testDisk } from '../../ports/disk-contract.ts'

async function newDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'disk-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

testDisk('a directory', async (t) => {
  const directory = await newDirectory(t)
  return { disk: new DirectoryDisk(directory), restart: () => new DirectoryDisk(directory) }
})

testDisk('a directory that is synced in the calling thread', async (t) => {
  const directory = await newDirectory(t)
  const open = (): DirectoryDisk => new DirectoryDisk(directory, { syncsHere: true })
  return { disk: open(), restart: open }
})

test('a hole gives its space back, and nobody else may read the file', async (t) => {
  const directory = join(await newDirectory(t), 'made')
  const file = await new DirectoryDisk(directory).open({ name: 'a', sizeBytes: 1 << 24 })
  await file.write(0, new Uint8Array(1 << 22).fill(1))
  await file.sync()
  const before = await stat(join(directory, 'a'))
  t.is(before.mode & 0o777, 0o600)
  await file.punch(0, 1 << 22)
  const after = await stat(join(directory, 'a'))
  t.is(after.size, 1 << 24)
  t.true(before.blocks * 512 >= 1 << 22)
  t.true(after.blocks * 512 < 1 << 20, `${after.blocks} blocks are left`)
  await file.close()
})
