// A store on a real file system, killed under load a hundred times: after each, what was
// acknowledged is there, every object is whole, and no swap is half done.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { ObjectClient } from '../../peers/objects/object-client.ts'

const PROGRAM = fileURLToPath(new URL('../../peers/potluck.ts', import.meta.url))
const ROUNDS = Number(process.env['POTLUCK_KILLS'] ?? 100)
const CLIENTS = 12
const KEYS = 20
const SIZES = [20, 300, 4_000, 70_000, 600_000]

type Server = { readonly child: ChildProcess; readonly store: ObjectClient; readonly said: string }

/** What each key was last acknowledged to hold, and what was under way when the store was killed. */
type Promised = Map<string, { acknowledged: number; begun: number }>

async function start(t: ExecutionContext, directory: string): Promise<Server> {
  const socket = join(directory, 's')
  const given = ['object', 'serve', '--dir', directory, '--size', '128MiB', '--log-shards', '2']
  const child = spawn(process.execPath, [PROGRAM, ...given, '--socket', socket], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const up = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('is up at')) resolve()
    })
  })
  await Promise.race([up, once(child, 'exit')])
  if (!said.includes('is up at')) throw new Error(`the store did not start: ${said}`)
  return { child, store: await ObjectClient.connect(socket), said }
}

function contentOf(number: number): Buffer {
  const bytes = Buffer.alloc(SIZES[number % SIZES.length] ?? 20, number & 0xff)
  bytes.writeUInt32LE(number, 0)
  return bytes
}

/** The number in an object's bytes; -1 where they are not as they were written. */
async function numberIn(store: ObjectClient, key: string): Promise<number> {
  const found = await store.read(key)
  if (found === undefined) return 0
  const bytes = Buffer.from(found.bytes)
  const number = bytes.length < 4 ? -1 : bytes.readUInt32LE(0)
  return contentOf(number).equals(bytes) ? number : -1
}

async function check(t: ExecutionContext, store: ObjectClient, promised: Promised): Promise<void> {
  for (const [key, { acknowledged, begun }] of promised) {
    const number = await numberIn(store, key)
    const isKept = number === acknowledged || number === begun
    t.true(isKept, `${key}: ${number}, not ${acknowledged}, nor ${begun}, which was under way`)
    promised.set(key, { acknowledged: number, begun: number })
  }
  for (let pair = 0; pair < KEYS; pair++) {
    const [left, right] = [await store.read(`left ${pair}`), await store.read(`right ${pair}`)]
    t.deepEqual(left?.bytes, right?.bytes, `the two of pair ${pair} were swapped together`)
  }
}

class Load {
  isOver = false
  done = 0
  readonly #store: ObjectClient
  readonly #promised: Promised

  constructor(store: ObjectClient, promised: Promised) {
    this.#store = store
    this.#promised = promised
  }

  async client(index: number, seed: number): Promise<void> {
    for (let i = seed; !this.isOver; i += 7) {
      const work = i % 4 === 0 ? this.#swap(i % KEYS) : this.#write(`key ${index} ${i % KEYS}`, i)
      await work.then(
        () => (this.done += 1),
        () => (this.isOver = true),
      )
    }
  }

  async #write(key: string, salt: number): Promise<void> {
    const { acknowledged } = this.#promised.get(key) ?? { acknowledged: 0 }
    const begun = acknowledged + 1 + (salt % 3)
    this.#promised.set(key, { acknowledged, begun })
    await this.#store.write(key, contentOf(begun))
    this.#promised.set(key, { acknowledged: begun, begun })
  }

  async #swap(pair: number): Promise<void> {
    const keys = [`left ${pair}`, `right ${pair}`]
    const found = await Promise.all(keys.map((key) => this.#store.stat(key)))
    const bytes = Buffer.from(`${Math.random()}`)
    await this.#store.swap(keys.map((key, i) => ({ key, expected: found[i]?.version ?? 0, bytes })))
  }
}

test(`a store that is killed ${ROUNDS} times under load loses nothing it acknowledged`, async (t) => {
  t.timeout(3_600_000)
  const directory = await mkdtemp(join(tmpdir(), 'kill-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const promised: Promised = new Map()
  let done = 0
  let cut = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { child, store, said } = await start(t, directory)
    t.notRegex(said, /damaged/)
    if (said.includes('torn tail')) cut += 1
    await check(t, store, promised)
    const load = new Load(store, promised)
    const clients = Array.from({ length: CLIENTS }, (_, i) => load.client(i, round * 31 + i))
    await sleep(50 + Math.random() * 450)
    child.kill('SIGKILL')
    load.isOver = true
    await Promise.all([once(child, 'exit'), ...clients])
    store.close()
    done += load.done
  }
  const { child, store } = await start(t, directory)
  await check(t, store, promised)
  store.close()
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'exit'), [0, null])
  t.log(`${done} operations, ${cut} torn tails cut off`)
  t.true(done > ROUNDS * 10)
})
