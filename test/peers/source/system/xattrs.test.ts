import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import koffi from 'koffi'
import { makeFolder, openSource } from '../fixture.ts'

const lsetxattr = koffi
  .load(null)
  .func('int lsetxattr(const char *path, const char *name, void *value, size_t size, int flags)')

function setXattr(path: string, name: string, value: Buffer): void {
  const result = lsetxattr(path, name, value, value.length, 0) as number
  if (result !== 0) throw new Error(`lsetxattr ${path} ${name}: errno ${koffi.errno()}`)
}

test('all extended attributes of an inode, bytes as they are', async (t) => {
  const folder = await makeFolder(t)
  const path = join(folder, 'file')
  await writeFile(path, 'x')
  await symlink('file', join(folder, 'link'))
  const bytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index))
  setXattr(path, 'user.bytes', bytes)
  setXattr(path, 'user.empty', Buffer.alloc(0))
  setXattr(folder, 'user.root', Buffer.from('r'))
  const source = await openSource(t, folder)
  const found = await source.xattrs('file')
  t.deepEqual([...found.keys()].toSorted(), ['user.bytes', 'user.empty'])
  t.true(bytes.equals(found.get('user.bytes') ?? Buffer.alloc(0)))
  t.is(found.get('user.empty')?.length, 0)
  t.deepEqual([...(await source.xattrs('')).keys()], ['user.root'])
  t.is((await source.xattrs('link')).size, 0)
  await t.throwsAsync(source.xattrs('absent'), { code: 'ENOENT' })
})

test('a file system without extended attributes says ENOTSUP, or has none', async (t) => {
  const source = await openSource(t, '/proc/self')
  try {
    t.is((await source.xattrs('fdinfo')).size, 0)
  } catch (error) {
    t.is((error as { code?: string }).code, 'ENOTSUP')
  }
})
