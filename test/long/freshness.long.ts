import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { whyNoMount } from '../../peers/commands/demo/fuse-use.ts'
import { isKept } from '../fuse/real-mount.ts'
import { runCli } from '../peers/commands/cli.ts'
import { Place, type PeerProcess, untilReady } from '../peers/composition/peer-process.ts'
import { noProgram } from '../reasons.ts'
import { testUnless } from '../skip.ts'

const PROGRAM = fileURLToPath(new URL('./watch-mount.py', import.meta.url))
const MIB = 1 << 20
/** Long enough for any machine; that it is seen at all is what is asked. */
const SEEN_MS = 120_000

const mountTest = testUnless(whyNoMount(process.env), noProgram('python3'))

/** What one watcher saw of each thing, one value after another. */
type Seen = Map<string, (string | number)[]>

const OLD: Readonly<Record<string, string | number>> = {
  small: 'old-smal',
  replaced: 'old-repl',
  deleted: 'old-dele',
  created: 'absent',
  size: 3,
  names: 'kept removed',
  ...ofLarge('old'),
}

const NEW: typeof OLD = {
  small: 'new-smal',
  replaced: 'new-repl',
  deleted: 'absent',
  created: 'new-crea',
  size: 6,
  names: 'added kept',
  ...ofLarge('new'),
}

function ofLarge(age: string): Record<string, string> {
  const parts = [0, 1, 2].flatMap((at): [string, string][] => [
    [`large at ${at} MiB`, `${age}-at-${at}`],
    [`large mapped at ${at} MiB`, `${age}-at-${at}`],
  ])
  return { ...Object.fromEntries(parts), 'large mapped anew': `${age}-at-0` }
}

function large(age: string): Buffer {
  const bytes = Buffer.alloc(3 * MIB)
  for (const at of [0, 1, 2]) bytes.write(`${age}-at-${at}`, at * MIB)
  return bytes
}

function makeTree(root: string): void {
  for (const name of ['small', 'replaced', 'deleted']) {
    fs.writeFileSync(path.join(root, name), `old-${name}`)
  }
  fs.writeFileSync(path.join(root, 'grown'), 'old')
  fs.writeFileSync(path.join(root, 'large'), large('old'))
  fs.mkdirSync(path.join(root, 'directory'))
  for (const name of ['kept', 'removed']) fs.writeFileSync(path.join(root, 'directory', name), '')
}

/** Everything that may happen to a file, and each done in one call: nobody sees half of it. */
function changeTree(root: string): void {
  const at = (...names: string[]): string => path.join(root, ...names)
  writeInPlace(at('small'), Buffer.from('new-small'))
  writeInPlace(at('large'), large('new'))
  fs.writeFileSync(at('..', 'replacement'), 'new-replaced')
  fs.renameSync(at('..', 'replacement'), at('replaced'))
  fs.rmSync(at('deleted'))
  fs.writeFileSync(at('..', 'created'), 'new-created')
  fs.renameSync(at('..', 'created'), at('created'))
  fs.appendFileSync(at('grown'), 'new')
  fs.renameSync(at('directory', 'removed'), at('directory', 'added'))
}

function writeInPlace(file: string, bytes: Buffer): void {
  const descriptor = fs.openSync(file, 'r+')
  fs.writeSync(descriptor, bytes, 0, bytes.length, 0)
  fs.closeSync(descriptor)
}

/** Watches a mount until the test ends it; it has looked at everything once when this resolves. */
async function watch(t: ExecutionContext, mount: string) {
  const child = spawn('python3', [PROGRAM, mount], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const seen: Seen = new Map()
  const begun = Promise.withResolvers<void>()
  child.once('exit', (code) => begun.reject(new Error(`the watcher ended with ${code}`)))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { key, value } = JSON.parse(line) as { key: string; value: string | number }
    if (key === 'rounds') begun.resolve()
    else seen.set(key, [...(seen.get(key) ?? []), value])
  })
  await begun.promise
  const end = async (): Promise<void> => {
    const exit = once(child, 'exit')
    child.stdin.end()
    await exit
  }
  return { seen, end }
}

/** Three mounts of one tree; the third peer has no source of its own. */
async function startPeers(place: Place, revalidate: string): Promise<readonly PeerProcess[]> {
  const root = place.makeDirectory('source')
  makeTree(root)
  const join = ['--join', `dir:${place.makeDirectory('join')}`, '--revalidate', revalidate]
  const start = (name: string, ...given: string[]): Promise<PeerProcess> =>
    place.startPeer(name, [
      ...join,
      '--mount',
      `data=${place.makeDirectory(`at-${name}`)}`,
      ...given,
    ])
  const source = ['--source', `data=${root}`]
  const peers = [await start('a', ...source), await start('b', ...source), await start('c')]
  await untilReady(peers)
  return peers
}

const MOUNTS = ['at-a', 'at-b', 'at-c']

async function untilNew(watchers: readonly { readonly seen: Seen }[]): Promise<void> {
  const isNew = ({ seen }: { readonly seen: Seen }): boolean =>
    Object.entries(NEW).every(([key, value]) => seen.get(key)?.at(-1) === value)
  const end = performance.now() + SEEN_MS
  while (!watchers.every(isNew) && performance.now() < end) await sleep(20)
}

/** Old, then new, and nothing else: not in between, and not back again. */
function checkSeen(t: ExecutionContext, watchers: readonly { readonly seen: Seen }[]): void {
  const expected = Object.entries(OLD).map(([key, value]) => [key, [value, NEW[key]]])
  for (const [index, { seen }] of watchers.entries()) {
    t.deepEqual(Object.fromEntries(seen), Object.fromEntries(expected), MOUNTS[index])
  }
}

mountTest(
  'what changes on the source is seen on every mount after the period, for good',
  async (t) => {
    await using place = new Place()
    await startPeers(place, '2s')
    const watchers = await Promise.all(MOUNTS.map((mount) => watch(t, place.at(mount))))
    // Older than one period: what is believed now has been looked at anew more than once.
    await sleep(5000)
    changeTree(place.at('source'))
    const from = performance.now()
    await untilNew(watchers)
    t.log(`all seen ${Math.round(performance.now() - from)} ms after the last change`)
    await sleep(5000)
    for (const { end } of watchers) await end()
    checkSeen(t, watchers)
  },
)

mountTest(
  'what is invalidated is seen on every mount, though nothing is ever checked',
  async (t) => {
    await using place = new Place()
    const [first] = await startPeers(place, '1h')
    const watchers = await Promise.all(MOUNTS.map((mount) => watch(t, place.at(mount))))
    // Names, absent ones too, attributes and pages: all of it is the kernel's.
    const isQuiet = await isKept(
      () => requests(first),
      () => sleep(1000),
    )
    t.true(isQuiet)
    changeTree(place.at('source'))
    await sleep(1000)
    for (const { seen } of watchers) t.like(Object.fromEntries(seen), { small: ['old-smal'] })
    const env = { POTLUCK_API: first?.socket ?? '' }
    const from = performance.now()
    for (const name of ['small', 'large', 'replaced', 'deleted', 'created', 'grown', 'directory']) {
      const ran = await runCli(['invalidate', `data:${name}`], place.directory, env)
      t.is(ran.code, 0, ran.err)
    }
    await untilNew(watchers)
    t.log(`all seen ${Math.round(performance.now() - from)} ms after the first invalidate`)
    await sleep(3000)
    for (const { end } of watchers) await end()
    checkSeen(t, watchers)
  },
)

/** Requests of the kernel for what it may keep. */
async function requests(peer: PeerProcess | undefined): Promise<number> {
  const counters = (await peer?.client.status())?.mounts[0]?.counters ?? {}
  const kinds = ['lookup', 'getattr', 'read', 'readdir', 'readdirplus']
  return kinds.reduce((sum, kind) => sum + (counters[`fuse_${kind}_total`] ?? 0), 0)
}
