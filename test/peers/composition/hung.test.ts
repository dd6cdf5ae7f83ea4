// What hangs is somebody else's: a program that waits for it can be interrupted, and a peer that is
// told to leave leaves. The mounts are real, the peers real processes; what hangs is a stopped
// process, or a file system of this test's own below the source.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { mountVolume } from '../../../fuse/mount.ts'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { MemoryVolume } from '../../fuse/memory-volume.ts'
import { notRoot } from '../../reasons.ts'
import { testUnless } from '../../skip.ts'
import { until } from '../../until.ts'
import { mountsBelow, Place, type PeerProcess } from './peer-process.ts'

const fuseTest = testUnless(whyNoMount(process.env), notRoot()).serial

/** `cat`, and what it says when it ends. */
function cat(file: string) {
  const child = spawn('cat', [file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = once(child, 'close').then(() => ({ signal: child.signalCode, errors }))
  return { child, ended }
}

/** Whether a program sleeps in the kernel until a file system of ours answers. */
function isWaiting(pid = 0): boolean {
  return /request_wait_answer|fuse_/.test(readFileSync(`/proc/${pid}/wchan`, 'latin1'))
}

async function waitingRequests({ client }: PeerProcess): Promise<number> {
  return (await client.status()).mounts[0]?.counters['fuse_waiting'] ?? NaN
}

/** Stops a process; whatever comes of the test, it does not stay so. */
function halted({ child }: PeerProcess): Disposable {
  child.kill('SIGSTOP')
  return { [Symbol.dispose]: () => void child.kill('SIGCONT') }
}

async function holderAndReader(place: Place) {
  const source = place.makeDirectory('source')
  for (const name of ['a', 'b', 'c']) await writeFile(path.join(source, name), `file ${name}`)
  const mount = place.makeDirectory('mount')
  const holder = await place.startPeer('holder', ['--source', `data=${source}`])
  const given = ['--join', holder.address, '--mount', `data=${mount}`]
  const reader = await place.startPeer('reader', given)
  await until(async () => (await reader.client.status()).node.peers === 1)
  return { mount, holder, reader }
}

fuseTest('Who waits for a peer that hangs can be interrupted, others go on', async (t) => {
  await using place = new Place()
  const { mount, holder, reader } = await holderAndReader(place)
  t.is(await readFile(path.join(mount, 'a'), 'utf8'), 'file a')
  using _ = halted(holder)
  const [first, second] = [cat(path.join(mount, 'b')), cat(path.join(mount, 'c'))]
  await until(async () => (await waitingRequests(reader)) === 2)
  // The kernel itself lets go of who waits for a page, and keeps its own request for it.
  first.child.kill('SIGINT')
  t.is((await first.ended).signal, 'SIGINT')
  t.is(await readFile(path.join(mount, 'a'), 'utf8'), 'file a', 'what is here is still here')
  t.is(await reader.end('SIGTERM'), 0, 'though someone still waits')
  t.not((await second.ended).errors, '')
  t.deepEqual(mountsBelow(place.directory), [])
  await holder.end('SIGKILL')
})

fuseTest(
  'Who waits for the mount of a peer that is stopped itself can be interrupted',
  async (t) => {
    await using place = new Place()
    const { mount, holder, reader } = await holderAndReader(place)
    using _ = halted(reader)
    const { child, ended } = cat(path.join(mount, 'b'))
    await until(() => isWaiting(child.pid))
    child.kill('SIGINT')
    t.is((await ended).signal, 'SIGINT')
    reader.child.kill('SIGCONT')
    t.is(await readFile(path.join(mount, 'c'), 'utf8'), 'file c')
    t.is(await reader.end('SIGTERM'), 0)
    t.is(await holder.end('SIGTERM'), 0)
  },
)

fuseTest('A source that hangs keeps neither its readers nor the end of the peer', async (t) => {
  await using place = new Place()
  const [source, mount] = [place.makeDirectory('source'), place.makeDirectory('mount')]
  const volume = new MemoryVolume({ a: { file: 'file a' }, b: { file: 'file b' } })
  const storage = await mountVolume({ volume, mountPoint: source, log: () => undefined })
  const gate = Promise.withResolvers<void>()
  try {
    const given = ['--source', `data=${source}`, '--mount', `data=${mount}`]
    const peer = await place.startPeer('peer', given)
    t.is(await readFile(path.join(mount, 'a'), 'utf8'), 'file a')
    volume.before = () => gate.promise
    const { child, ended } = cat(path.join(mount, 'b'))
    await until(async () => (await waitingRequests(peer)) > 0)
    child.kill('SIGINT')
    t.is((await ended).signal, 'SIGINT')
    t.is(await readFile(path.join(mount, 'a'), 'utf8'), 'file a', 'what is here is still here')
    // It hangs to the end, and the peer's threads with it.
    t.is(await peer.end('SIGTERM'), 0)
    t.deepEqual(mountsBelow(mount), [])
  } finally {
    gate.resolve()
    await storage.unmount()
  }
})
