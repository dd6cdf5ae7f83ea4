import fs from 'node:fs'
import path from 'node:path'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { ApiClient } from '../../peers/api/api-client.ts'
import { apiTree, directoryTree } from '../../peers/commands/demo/reading.ts'
import { Place } from '../peers/composition/peer-process.ts'
import { sentencesOf } from '../peers/commands/sentences.ts'
import { noProgram, notRoot } from '../reasons.ts'
import { testUnless } from '../skip.ts'
import { Hosts } from './hosts/hosts.ts'

const PROGRAM = fileURLToPath(new URL('../../peers/potluck.ts', import.meta.url))
const HOSTS = 4
const CYCLES = 2
const READY_MS = 60_000
const SEEN_MS = 120_000

type Peer = {
  readonly client: ApiClient
  /** Undefined while it runs; then its exit code, or the signal that ended it. */
  readonly ending: () => number | string | null | undefined
  readonly end: () => Promise<number | string | null | undefined>
}

function makeTree(root: string): void {
  for (let i = 0; i < 100; i++) fs.writeFileSync(path.join(root, `${i}`), `file ${i}`)
  fs.writeFileSync(path.join(root, 'large'), Buffer.alloc(8 << 20, 'large '))
}

type Cluster = { readonly hosts: Hosts; readonly place: Place; readonly joinBy: string }

function startPeers(t: ExecutionContext, { hosts, place, joinBy }: Cluster): Peer[] {
  const nodes = place.at('nodes')
  // As PBS writes it: a line for each slot.
  fs.writeFileSync(nodes, hosts.all.map(({ name }) => `${name}\n${name}\n`).join(''))
  const job = { SLURM_JOB_NODELIST: `node[1-${HOSTS}]`, PBS_NODEFILE: nodes }
  return hosts.all.map((host) => {
    const socket = place.at(`${host.name}.sock`)
    const usual = ['--api', socket, '--key', place.at('key'), '--ram', '64MiB', '--join', joinBy]
    const given = [PROGRAM, 'peer', ...usual, '--source', `data=${place.at('source')}`]
    const child = host.start(process.execPath, given, { ...place.env(), ...job })
    let ending: number | string | null | undefined
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    }
    const exit = once(child, 'exit').then(([code, signal]) => (ending = code ?? signal))
    t.teardown(() => {
      child.kill('SIGKILL')
      if (!t.passed) t.log(host.name, said.slice(-2000))
    })
    const end = async (): Promise<typeof ending> => {
      child.kill('SIGTERM')
      await exit
      return ending
    }
    return { client: new ApiClient(socket), ending: () => ending, end }
  })
}

async function until(what: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + SEEN_MS
  while (performance.now() < end) {
    if (await what().catch(() => false)) return true
    await sleep(50)
  }
  return false
}

async function sees(peer: Peer | undefined, others: number): Promise<boolean> {
  return until(async () => (await peer?.client.status())?.node.peers === others)
}

for (const joinBy of ['slurm', 'pbs']) {
  testUnless(
    notRoot(),
    noProgram('ip'),
    noProgram('nsenter'),
    noProgram('unshare'),
  )(`hosts that join by ${joinBy} survive a cable that is cut and mended`, async (t) => {
    await using place = new Place()
    makeTree(place.makeDirectory('source'))
    using hosts = new Hosts(HOSTS, place.directory)
    const peers = startPeers(t, { hosts, place, joinBy })
    const [first] = peers
    const [last, far] = [peers.at(-1), hosts.all.at(-1)]
    t.true(await until(async () => (await first?.client.ready(HOSTS, READY_MS))?.isReady === true))
    const expected = await sentencesOf(directoryTree(place.at('source')))
    for (const { client } of peers)
      t.deepEqual(await sentencesOf(apiTree(client, 'data')), expected)

    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      far?.cut()
      t.true(await sees(first, HOSTS - 2), 'the mesh goes on without the host that is cut off')
      t.true(await sees(last, 0), 'which notices too')
      fs.writeFileSync(path.join(place.at('source'), '7'), `changed in cycle ${cycle}`)
      await first?.client.invalidate('data', '7')
      far?.mend()
      for (const peer of peers) t.true(await sees(peer, HOSTS - 1), 'all are back')
      // What was told meanwhile is asked for.
      const changed = await sentencesOf(directoryTree(place.at('source')))
      t.true(
        await until(async () => {
          const found = await sentencesOf(apiTree((last as Peer).client, 'data'))
          return found['7'] === changed['7']
        }),
      )
      t.deepEqual(
        peers.map(({ ending }) => ending()),
        peers.map(() => undefined),
      )
    }
    for (const { client, end } of peers) {
      client.close()
      t.is(await end(), 0)
    }
  })
}
