// The commands of the model test, by system calls on three mounts of three peers: each call is made on a
// mount of the file system in memory, too, and must come to the same. The sequences are random, and
// `npm run model` runs many.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import { cannotMount, mount } from '../fuse/real-mount.ts'
import { Place, type PeerProcess, untilReady } from '../peers/composition/peer-process.ts'
import { commandOf, type Command } from '../posix/commands.ts'
import { PosixVolume } from '../posix/posix-volume.ts'
import { noProgram } from '../reasons.ts'
import { testUnless } from '../skip.ts'

const PROGRAM = fileURLToPath(new URL('programs/take-turns.py', import.meta.url))
const PEERS = 3
/** A sequence on mounts takes as long as many on simulated nodes. */
const RUNS = Math.ceil(Number(process.env['POTLUCK_MODEL_RUNS'] ?? 20) / 5)
const SEED = Number(process.env['POTLUCK_MODEL_SEED'] ?? 1)

type Way = { readonly options: string[]; readonly hasSource: (index: number) => boolean }

const WAYS: [string, Way][] = [
  [
    'written back, one has no source',
    { options: ['--write', 'back', '--flush-on-close', 'no'], hasSource: (index) => index > 0 },
  ],
  ['written through', { options: ['--write', 'through'], hasSource: () => true }],
]
const isMany = process.env['POTLUCK_MODEL_RUNS'] !== undefined

for (const [what, { options, hasSource }] of isMany ? WAYS : WAYS.slice(0, 1)) {
  testUnless(cannotMount, noProgram('python3'))(
    `programs on three mounts are answered as on one file system: ${what}`,
    async (t) => {
      t.timeout(3_600_000)
      await using place = new Place()
      const source = place.makeDirectory('source')
      const mounts = Array.from({ length: PEERS }, (_, i) => place.makeDirectory(`mount-${i}`))
      const started: PeerProcess[] = []
      for (const index of [1, 2, 0]) {
        const [first] = started
        const join = first === undefined ? [] : ['--join', first.address]
        const from = hasSource(index) ? ['--source', `data=${source}`] : []
        const at = ['--mount', `data=${mounts[index]}`]
        started.push(await place.startPeer(`p${index}`, [...options, ...from, ...at, ...join]))
      }
      await untilReady(started)
      const reference = await mount(t, new PosixVolume())
      await using program = takeTurns(t, [reference.path, ...mounts])
      const commands = fc.array(commandOf(PEERS), { minLength: 8, maxLength: 40 })
      const property = fc.asyncProperty(commands, (all) => program.play(all))
      await t.notThrowsAsync(fc.assert(property, { numRuns: RUNS, seed: SEED }))
    },
  )
}

function takeTurns(t: ExecutionContext, [reference = '', ...mounts]: readonly string[]) {
  const child = spawn('python3', [PROGRAM, reference, ...mounts], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    /** @throws Error with the first thing that was not right */
    async play(all: readonly Command[]): Promise<void> {
      child.stdin.write(`${JSON.stringify(all)}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the programs have ended')
      if (value !== '""') throw new Error(JSON.parse(value))
    },
    async [Symbol.asyncDispose](): Promise<void> {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.stdin.end()
      t.is(await ended, 0)
    },
  }
}
