// Real peers to be measured: processes of the real command line, each with a socket, a log and
// perhaps a mount in the workspace. The demo's way of waiting for them and of ending them is used.
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ApiClient } from '../../peers/api/api-client.ts'
import { killPeers, stopPeers, waitReady } from '../../peers/commands/demo/demo-peers.ts'
import type { DemoPeer } from '../../peers/commands/demo/demo-peers.ts'
import type { Workspace } from '../../peers/commands/demo/workspace.ts'

const PROGRAM = fileURLToPath(new URL('../../peers/potluck.ts', import.meta.url))
export const READY_MS = 60_000
export const VOLUME = 'bench'

export type BenchPeer = DemoPeer
export type BenchPeerInit = {
  /** Peers of one name find each other. */
  readonly mesh: string
  readonly source?: string
  readonly isMounted?: boolean
  readonly isPlaintext?: boolean
  readonly driver?: 'kernel' | 'fuse-native'
  /** @default 1GiB */
  readonly ram?: string
  /** More of `potluck peer`'s options, as they are. */
  readonly options?: readonly string[]
}

const living = new Set<BenchPeer>()
let number = 0

export function startBenchPeer(workspace: Workspace, init: BenchPeerInit): BenchPeer {
  number += 1
  const mountPoint = init.isMounted ? workspace.makeDirectory(`mount-${number}`) : undefined
  const socket = workspace.at(`peer-${number}.sock`)
  const log = workspace.at(`peer-${number}.log`)
  const output = openSync(log, 'w', 0o600)
  const options = peerOptions(workspace, init, { socket, mountPoint })
  // With what the launcher gives a peer.
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, ...options], {
    // Ctrl-C is for the bench, which ends its peers; should it die, the pipe ends and so do they.
    detached: true,
    stdio: ['pipe', output, output],
    env: environment(),
  })
  closeSync(output)
  // A peer that could not be started is found out by who waits for it.
  child.on('error', (error) => process.stderr.write(`bench: peer: ${error.message}\n`))
  const client = new ApiClient(socket)
  const peer: BenchPeer = { number, mountPoint, socket, log, client, process: child }
  living.add(peer)
  return peer
}

function peerOptions(
  workspace: Workspace,
  { mesh, source, isPlaintext, driver, ram, options = [] }: BenchPeerInit,
  { socket, mountPoint }: { socket: string; mountPoint: string | undefined },
): string[] {
  return [
    'peer',
    '--until-eof',
    `--config=${workspace.at('config.yaml')}`,
    `--mesh=${mesh}`,
    `--key=${workspace.at('mesh.key')}`,
    '--listen=/ip4/127.0.0.1/tcp/0',
    `--join=dir:${workspace.makeDirectory(`join-${mesh}`)}`,
    `--ram=${ram ?? '1GiB'}`,
    `--api=${socket}`,
    ...(source === undefined ? [] : [`--source=${VOLUME}=${source}`]),
    ...(mountPoint === undefined ? [] : [`--mount=${VOLUME}=${mountPoint}`]),
    ...(isPlaintext ? ['--insecure=plaintext'] : []),
    ...(driver === undefined ? [] : [`--driver=${driver}`]),
    ...options,
  ]
}

/** What this user has configured for other peers does not count here. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('POTLUCK_'))
  return Object.fromEntries(kept)
}

/** Resolves when every one sees all of them. @throws PotluckError ETIMEDOUT with the log's end */
export function ready(peers: readonly BenchPeer[], signal: AbortSignal): Promise<void> {
  return waitReady(peers, READY_MS, signal)
}

export async function stop(peers: readonly BenchPeer[]): Promise<void> {
  await stopPeers(peers)
  for (const peer of peers) living.delete(peer)
}

/** For an exit that can't wait. */
export function killLiving(): void {
  killPeers([...living])
}

/** User and system time so far, seconds, to the 10 ms of the kernel's clock tick (proc(5)). */
export function cpuSeconds(peers: readonly BenchPeer[]): number {
  return peers.reduce((sum, peer) => sum + cpuOf(peer.process.pid ?? 0), 0)
}

const TICKS_A_SECOND = 100

/** The most that a peer's process has occupied so far, bytes (`VmHWM`, proc(5)). */
export function peakResidentBytes(peer: BenchPeer): number {
  const status = readFileSync(`/proc/${peer.process.pid}/status`, 'latin1')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The program's name may hold blanks; the fields behind its bracket start with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** Requests that a peer's mount has answered in user space, all kinds. */
export async function requestsOf(peer: BenchPeer): Promise<number> {
  const { mounts } = await peer.client.status()
  const counters = Object.entries(mounts[0]?.counters ?? {})
  return counters
    .filter(([name]) => /^fuse_.*_total$/.test(name) && !/notif|error|bytes/.test(name))
    .reduce((sum, [, count]) => sum + count, 0)
}

export async function sourceReads(peer: BenchPeer): Promise<number> {
  const { sources } = await peer.client.status()
  return sources[VOLUME]?.['reads'] ?? 0
}
