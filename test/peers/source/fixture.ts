import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import type { ExecutionContext } from 'ava'
import type { DirectorySource } from '../../../peers/source/directory-source.ts'
import { type DirectorySourceInit, openDirectorySource } from '../../../peers/source/open-source.ts'
import { BIG_BYTES, PLAIN_BYTES, PLAIN_MTIME } from '../../ports/source-contract.ts'

/** An empty folder that goes when the test ends. */
export async function makeFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'source-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A directory source that is closed when the test ends. */
export async function openSource(
  t: ExecutionContext,
  directory: string,
  init: Partial<DirectorySourceInit> = {},
): Promise<DirectorySource> {
  const source = await openDirectorySource({ directory, ...init })
  t.teardown(() => source.close())
  return source
}

/** Makes the tree that the contract tells of. */
export async function fillContractTree(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name)
  await writeFile(at('plain.txt'), PLAIN_BYTES, { mode: 0o644 })
  // Node's utimes has no nanoseconds.
  const mtime = `@${PLAIN_MTIME.seconds}.${PLAIN_MTIME.nanos}`
  execFileSync('touch', ['-d', mtime, at('plain.txt')])
  await writeFile(at('empty'), '')
  await writeFile(at('big'), BIG_BYTES)
  await symlink('plain.txt', at('link'))
  await writeFile(
    Buffer.concat([Buffer.from(`${folder}/b`), Buffer.of(0xff), Buffer.from('d')]),
    'x',
  )
  await mkdir(at('sub/deep'), { recursive: true })
  await writeFile(at('sub/inner'), 'inner')
  await mkdir(at('many'))
  for (let index = 0; index < 600; index++) await writeFile(at(`many/n${index}`), '')
}
