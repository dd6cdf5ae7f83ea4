import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { CountingSource } from './counting-source.ts'
import { testSource } from '../../ports/source-contract.ts'
import { faultySource } from './faulty-source.ts'
import { fillContractTree, openSource } from './fixture.ts'

let tree = ''

test.before(async () => {
  tree = await mkdtemp(join(tmpdir(), 'contract-'))
  await fillContractTree(tree)
})

test.after.always(() => rm(tree, { recursive: true, force: true }))

testSource('a directory', (t) => openSource(t, tree))

testSource('a directory, one call at a time and one descriptor', (t) =>
  openSource(t, tree, { concurrency: 1, descriptors: 1 }),
)

testSource(
  'a counted and faulty source that has no faults',
  async (t) => new CountingSource(faultySource(await openSource(t, tree))),
)
