import test from 'ava'
import { codeOf } from '../../../../src/base/errors.ts'
import { LoneNode } from '../lone-node.ts'

const LIST = 'system.posix_acl_access'
const FILES = ['m0.py', 'm1.py', 'm2.py', 'm3.py']

async function library(): Promise<LoneNode> {
  const lone = await LoneNode.start(
    (tree) => {
      for (const name of FILES) tree.makeFile(name, { size: 100 })
    },
    { ahead: 'first-run' },
  )
  lone.source.xattrsOf.set('m1.py', new Map([[LIST, Buffer.from('a list')]]))
  return lone
}

const listOf = async ({ volume }: LoneNode, nodeid: number) =>
  volume.getxattr(nodeid, LIST).then((bytes) => Buffer.from(bytes).toString(), codeOf)

test('where nobody asks for access control lists, none is fetched', async (t) => {
  const lone = await library()
  for (const name of FILES) await lone.readAll(name)
  t.is(lone.source.counts.xattrs, 0)
})

test('where somebody does, they are fetched ahead with the files that are', async (t) => {
  const lone = await library()
  t.is(await listOf(lone, await lone.nodeidOf('m0.py')), 'ENODATA')
  t.is(lone.source.counts.xattrs, 1)
  await lone.readAll('m0.py')
  await new Promise((resolve) => setImmediate(resolve))
  t.is(lone.source.counts.xattrs, FILES.length, 'those beside it')
  t.is(await listOf(lone, await lone.nodeidOf('m1.py')), 'a list')
  t.is(await listOf(lone, await lone.nodeidOf('m2.py')), 'ENODATA')
  t.is(lone.source.counts.xattrs, FILES.length)
})
