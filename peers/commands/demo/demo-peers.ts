// The demo's peers: real processes of the real command line, each with its own socket, mount, log.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { PotluckError } from '../../../src/base/errors.ts'
import { ApiClient } from '../../api/api-client.ts'
import type { Workspace } from './workspace.ts'

const PROGRAM = fileURLToPath(new URL('../../potluck.ts', import.meta.url))
const LEAVING_MS = 15_000

export type DemoPeer = {
  readonly number: number
  readonly mountPoint: string | undefined
  readonly socket: string
  readonly log: string
  readonly client: ApiClient
  readonly process: ChildProcess
}

export type DemoPeersInit = {
  readonly count: number
  readonly tree: string
  readonly volume: string
  readonly ramBytes: number
  readonly isMounted: boolean
  /** Options handed on to each peer as they are. */
  readonly passed: Readonly<Record<string, string | undefined>>
  readonly workspace: Workspace
}

export function spawnPeers(init: DemoPeersInit): readonly DemoPeer[] {
  return Array.from({ length: init.count }, (_, index) => spawnPeer(init, index + 1))
}

function spawnPeer(init: DemoPeersInit, number: number): DemoPeer {
  const { workspace } = init
  const mountPoint = init.isMounted ? workspace.makeDirectory(`mount-${number}`) : undefined
  const socket = workspace.at(`peer-${number}.sock`)
  const log = workspace.at(`peer-${number}.log`)
  const output = openSync(log, 'w', 0o600)
  const options = peerArguments(init, socket, mountPoint)
  // With what the launcher gave this process.
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, ...options], {
    // A session of its own: Ctrl-C is for the demo, which then ends the peers in order. The pipe
    // ends with the demo, however it dies, and a peer leaves when it does.
    detached: true,
    stdio: ['pipe', output, output],
    env: environment(),
  })
  closeSync(output)
  return { number, mountPoint, socket, log, client: new ApiClient(socket), process: child }
}

function peerArguments(
  init: DemoPeersInit,
  socket: string,
  mountPoint: string | undefined,
): string[] {
  const { workspace, volume, tree, ramBytes, passed } = init
  return [
    'peer',
    '--until-eof',
    `--config=${workspace.at('config.yaml')}`,
    '--mesh=demo',
    `--key=${workspace.at('mesh.key')}`,
    '--listen=/ip4/127.0.0.1/tcp/0',
    `--join=dir:${workspace.at('join')}`,
    `--source=${volume}=${tree}`,
    ...(mountPoint === undefined ? [] : [`--mount=${volume}=${mountPoint}`]),
    ...Object.entries(passed).flatMap(([name, value]) => (value ? [`--${name}=${value}`] : [])),
    `--ram=${ramBytes}`,
    `--api=${socket}`,
  ]
}

/** The demo is to be the same for everyone, whatever peers this user has configured. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('POTLUCK_'))
  return Object.fromEntries(kept)
}

/** Rejects when any peer ends: a demo of fewer peers would show something else. */
export function watchPeers(peers: readonly DemoPeer[]): Promise<never> {
  return new Promise((_, reject) => {
    for (const peer of peers) {
      peer.process.once('error', reject)
      peer.process.once('exit', (code, name) => {
        const how = name ?? `exit code ${code}`
        reject(
          new PotluckError('EIO', `peer ${peer.number} ended (${how}): ${lastLines(peer.log)}`),
        )
      })
    }
  })
}

function lastLines(log: string): string {
  const text = readFileSync(log, 'utf8').trim()
  return text === '' ? 'it said nothing' : text.split('\n').slice(-3).join(' | ').slice(-600)
}

/** @throws PotluckError ETIMEDOUT */
export async function waitReady(
  peers: readonly DemoPeer[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + timeoutMs
  for (const peer of peers) {
    while (!(await isReady(peer, peers.length, signal))) {
      signal.throwIfAborted()
      if (performance.now() < until) continue
      throw new PotluckError(
        'ETIMEDOUT',
        `peer ${peer.number} is not ready after ${timeoutMs / 1000} s: ${lastLines(peer.log)}`,
      )
    }
  }
}

async function isReady(peer: DemoPeer, count: number, signal: AbortSignal): Promise<boolean> {
  try {
    return (await peer.client.ready(count, 500, { signal })).isReady
  } catch (error) {
    if (!(error instanceof PotluckError) || error.code !== 'UNREACHABLE') throw error
    await sleep(50, undefined, { signal })
    return false
  }
}

/** Ends them in order of politeness: asks, waits, kills. */
export async function stopPeers(peers: readonly DemoPeer[]): Promise<void> {
  await Promise.all(
    peers.map(async ({ process: child, client }) => {
      client.close()
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), LEAVING_MS)
      await gone
      clearTimeout(timer)
    }),
  )
}

/** For an exit that can't wait. */
export function killPeers(peers: readonly DemoPeer[]): void {
  for (const { process: child } of peers) child.kill('SIGKILL')
}
