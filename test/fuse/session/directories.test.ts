import test from 'ava'
import { ERRNO } from '../../../fuse/protocol/errno.ts'
import { harness, type Harness, type Received } from '../fake-device.ts'
import type { Tree } from '../memory-volume.ts'
import { make, READDIR_BYTES } from '../requests.ts'

const many: Tree = Object.fromEntries(
  Array.from({ length: 300 }, (_, index) => [`name-${index}`, { file: 'x' }]),
)

type Listed = { name: string; offset: number; nodeid: number }

function parse({ body }: Received, plus: boolean): Listed[] {
  const listed: Listed[] = []
  for (let at = 0; at < body.length;) {
    const dirent = plus ? at + 128 : at
    const length = body.readUInt32LE(dirent + 16)
    listed.push({
      name: body.toString('latin1', dirent + 24, dirent + 24 + length),
      offset: Number(body.readBigUInt64LE(dirent + 8)),
      nodeid: plus ? Number(body.readBigUInt64LE(at)) : 0,
    })
    at = dirent + ((24 + length + 7) & ~7)
  }
  return listed
}

async function list({ send }: Harness, plus: boolean): Promise<Listed[]> {
  const opened = await send(make.opendir())
  const handle = Number(opened?.body.readBigUInt64LE(0))
  const all: Listed[] = []
  for (;;) {
    const page = await send(make.readdir(handle, all.at(-1)?.offset ?? 0, { plus }))
    if (page === undefined || page.errno !== 0 || page.length > READDIR_BYTES + 16)
      throw new Error()
    if (page.body.length === 0) break
    all.push(...parse(page, plus))
  }
  await send(make.releasedir(handle))
  return all
}

for (const plus of [false, true]) {
  const name = plus ? 'READDIRPLUS' : 'READDIR'

  test(`${name} lists every name once, page by page`, async (t) => {
    const here = harness(many)
    const names = (await list(here, plus)).map((entry) => entry.name)
    t.deepEqual(names, ['.', '..', ...Object.keys(many)])
    t.is(here.volume.openDirectories.size, 0)
  })
}

test('READDIRPLUS takes one reference for each entry that was sent, none for the dots', async (t) => {
  const here = harness(many)
  const listed = await list(here, true)
  t.deepEqual(
    listed.slice(0, 2).map(({ nodeid }) => nodeid),
    [0, 0],
  )
  const { references } = here.volume
  t.is(references.size, 300)
  for (const { nodeid } of listed.slice(2)) t.is(references.get(nodeid), 1)
})

test('What did not reach the kernel is taken back', async (t) => {
  const here = harness(many)
  const opened = await here.send(make.opendir())
  const handle = Number(opened?.body.readBigUInt64LE(0))
  here.device.isListening = false
  await here.send(make.readdir(handle, 0, { plus: true }))
  await here.send(make.lookup('name-1'))
  await here.send(make.open(0, { nodeid: here.volume.find('name-1').number }))
  await here.send(make.opendir())
  t.true([...here.volume.references.values()].every((count) => count === 0))
  t.is(here.volume.openFiles.size, 0)
  t.is(here.volume.openDirectories.size, 1, 'the one that was delivered')
})

test('Everything is given back at the end, and later requests find nobody', async (t) => {
  const here = harness(many)
  await here.send(make.lookup('name-1'))
  await here.send(make.open(0, { nodeid: here.volume.find('name-1').number }))
  await here.send(make.opendir())
  here.session.close()
  t.true([...here.volume.references.values()].every((count) => count === 0))
  t.is(here.volume.openFiles.size + here.volume.openDirectories.size, 0)
  t.is((await here.send(make.getattr()))?.errno, ERRNO.ENOTCONN)
})
