import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { compareReadings } from '../../../peers/commands/demo/compare.ts'
import { directoryTree, readTree } from '../../../peers/commands/demo/reading.ts'
import { whyNoMount } from '../../../peers/commands/demo/fuse-use.ts'
import { chooseTree } from '../../../peers/commands/demo/tree.ts'
import { testUnless } from '../../skip.ts'

const fuseTest = testUnless(whyNoMount(process.env))
const PROGRAM = fileURLToPath(new URL('../../../peers/potluck.ts', import.meta.url))

type Demo = {
  readonly pid: number
  /** The process ids of its peers. */
  readonly started: () => Promise<readonly number[]>
  readonly ended: Promise<{ code: number | null; out: string; err: string }>
}

type Home = Disposable & { readonly tree: string; readonly temporary: string }

function makeHome(): Home {
  const home = mkdtempSync(path.join(os.tmpdir(), 'potluck-test-'))
  const [tree, temporary] = [path.join(home, 'tree'), path.join(home, 'tmp')]
  mkdirSync(path.join(tree, 'sub'), { recursive: true })
  mkdirSync(temporary)
  writeFileSync(path.join(tree, 'large'), Buffer.alloc(2_500_000, 7))
  for (let i = 0; i < 30; i++) writeFileSync(path.join(tree, 'sub', `${i}`), `file ${i}`)
  return { tree, temporary, [Symbol.dispose]: () => rmSync(home, { recursive: true }) }
}

function startDemo(home: Home, ...given: readonly string[]): Demo {
  const options = ['demo', '--peers', '2', '--tree', home.tree, ...given]
  const env = { PATH: process.env['PATH'], HOME: home.temporary, TMPDIR: home.temporary }
  const child = spawn(process.execPath, [PROGRAM, ...options], { env })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<Awaited<Demo['ended']>>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }))
  })
  return { pid: child.pid ?? 0, started: () => untilStarted(child.pid ?? 0, ended), ended }
}

/** Resolves with the two peers' ids; a demo that ends before rejects. */
async function untilStarted(pid: number, ended: Promise<unknown>): Promise<readonly number[]> {
  let isOver = false
  void ended.then(() => (isOver = true))
  for (;;) {
    const peers = peersOf(pid)
    if (peers.length === 2) return peers
    if (isOver) throw new Error('the demo ended before its peers were seen')
    await sleep(10)
  }
}

/** The demo's peers; its readers are not among them. */
function peersOf(pid: number): readonly number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ')
  const isPeer = (child: string): boolean => textOf(`/proc/${child}/cmdline`).includes('\0peer\0')
  return children.filter((child) => child !== '' && isPeer(child)).map(Number)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // The process is gone: it has no text.
    return ''
  }
}

for (const [title, declare, given] of [
  ['through mounts', fuseTest, []],
  ['through the API', test, ['--no-mount']],
] as const) {
  declare(
    `the demo ${title} finds every byte equal, the blocks read once, and leaves nothing`,
    async (t: ExecutionContext) => {
      using home = makeHome()
      const { code, out, err } = await startDemo(home, ...given).ended
      t.is(code, 0, err)
      t.regex(out, /Every byte equal: 32 paths, 2\.4 MiB, 2 readers/)
      // Where the machine lets a peer stand still for a second, others read for themselves.
      t.regex(out, /Source reads per block: 1\.[01]\d\./)
      t.regex(out, /2 readers, direct +\S+ +66 +2\.00 +2\.00 +2\.00/)
      t.deepEqual(readdirSync(home.temporary), [])
    },
  )
}

test('an interrupted demo leaves no process, no mount and no file', async (t) => {
  using home = makeHome()
  const demo = startDemo(home)
  const peers = await demo.started()
  process.kill(demo.pid, 'SIGINT')
  const { code } = await demo.ended
  t.is(code, 130)
  for (const pid of peers) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  t.deepEqual(readdirSync(home.temporary), [])
})

test('a demo whose peer dies says which, and leaves nothing', async (t) => {
  using home = makeHome()
  const demo = startDemo(home)
  const [first = 0] = await demo.started()
  process.kill(first, 'SIGKILL')
  const { code, err } = await demo.ended
  t.is(code, 1)
  t.regex(err, /peer \d ended \(SIGKILL\)/)
  t.deepEqual(readdirSync(home.temporary), [])
})

async function reading(root: string) {
  const sentences: [string, string][] = []
  await readTree(directoryTree(root), (where, sentence) => sentences.push([where, sentence]))
  return { type: 'done' as const, files: sentences.length, bytes: 0, seconds: 0, sentences }
}

test('one byte that differs is found, and a file changed meanwhile is not compared', async (t) => {
  using home = makeHome()
  const source = await reading(home.tree)
  const forged = source.sentences.map(([where, sentence]): [string, string] => [
    where,
    where === 'sub/7' ? sentence.replace(/.$/, '?') : sentence,
  ])
  const other = { ...source, sentences: forged.slice(1) }
  const { differences, changed } = await compareReadings(home.tree, source, [source, other])
  const missing = source.sentences[0]?.[0] ?? ''
  t.deepEqual(
    new Set(differences.map((each) => `${each.reader} ${each.path}`)),
    new Set([`2 ${missing}`, '2 sub/7']),
  )
  t.deepEqual(changed, [])
  writeFileSync(path.join(home.tree, 'sub/7'), 'changed')
  t.deepEqual((await compareReadings(home.tree, source, [other])).changed, ['sub/7'])
})

test('the usual tree has at least 5,000 files', async (t) => {
  const tree = await chooseTree(undefined, 1024 * 1024)
  t.true(tree.files >= 5000)
  t.true(tree.blocks <= tree.files + tree.bytes / 1024 ** 2)
})
