// Real peers as processes of the real command line, for tests from end to end.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiClient } from '../../../peers/api/api-client.ts'

const PROGRAM = fileURLToPath(new URL('../../../peers/potluck.ts', import.meta.url))

export type PeerProcess = {
  readonly client: ApiClient
  readonly socket: string
  readonly child: ChildProcess
  /** The line it printed when it was up. */
  readonly line: string
  readonly address: string
  /** Signals it, and resolves with its exit code (or the signal that ended it). */
  end(name: NodeJS.Signals): Promise<number | string | null>
}

/** A temporary directory; disposing kills what was started in it, and unmounts what it left. */
export class Place implements AsyncDisposable {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'potluck-test-'))
  readonly #peers: PeerProcess[] = []

  at(name: string): string {
    return path.join(this.directory, name)
  }

  makeDirectory(name: string): string {
    mkdirSync(this.at(name), { recursive: true })
    return this.at(name)
  }

  /** What the user would have, and what peers/launch gives: as many threads, code compiled before. */
  env(): NodeJS.ProcessEnv {
    const { PATH, UV_THREADPOOL_SIZE, NODE_COMPILE_CACHE, POTLUCK_TEST_RUN } = process.env
    const launched = { UV_THREADPOOL_SIZE, NODE_COMPILE_CACHE, POTLUCK_TEST_RUN }
    return { PATH, HOME: this.directory, XDG_RUNTIME_DIR: this.directory, ...launched }
  }

  /** Resolves when the peer says that it is up. */
  async startPeer(
    name: string,
    given: readonly string[],
    { uid }: { readonly uid?: number } = {},
  ): Promise<PeerProcess> {
    const socket = this.at(`${name}.sock`)
    const usual = ['--api', socket, '--key', this.at('key'), '--ram', '64MiB']
    const local = ['--listen', '/ip4/127.0.0.1/tcp/0', '--until-eof']
    const child = spawn(process.execPath, [PROGRAM, 'peer', ...usual, ...local, ...given], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: this.env(),
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    const line = await firstLine(child)
    const address = /listening on (\S+?);? /.exec(line)?.[1] ?? ''
    const client = new ApiClient(socket)
    const peer = {
      client,
      socket,
      child,
      line,
      address,
      end: (signal: NodeJS.Signals) => end(child, signal),
    }
    this.#peers.push(peer)
    return peer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, child } of this.#peers) {
      client.close()
      if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGTERM')
    }
    if (mountsBelow(this.directory).length > 0)
      throw new Error(`mounts are left in ${this.directory}`)
    rmSync(this.directory, { recursive: true })
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = ''
    let err = ''
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out.includes('\n')) resolve(out)
    })
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}: ${err}`)))
  })
}

async function end(child: ChildProcess, name: NodeJS.Signals): Promise<number | string | null> {
  const gone = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  child.kill(name)
  return gone
}

const READY_MS = 60_000

/** @throws Error where not each of these peers sees all of them, and has its volumes, within a minute */
export async function untilReady(peers: readonly PeerProcess[]): Promise<void> {
  for (const { client, socket } of peers) {
    const readiness = await client.ready(peers.length, READY_MS)
    if (!readiness.isReady) throw new Error(`${socket}: ${JSON.stringify(readiness)}`)
  }
}

export function mountsBelow(directory: string): readonly string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  return lines.map((line) => line.split(' ')[1] ?? '').filter((each) => each.startsWith(directory))
}
