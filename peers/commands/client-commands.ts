// The commands that ask a running peer through its socket: ready, status, warm and the like.
import { existsSync, realpathSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiClient } from '../api/api-client.ts'
import { resolveTarget } from '../api/paths.ts'
import type { Places, Target } from '../api/paths.ts'
import type { PeerStatus } from '../api/protocol.ts'
import { PotluckError } from '../../src/base/errors.ts'
import { usageError } from './exit-codes.ts'
import { runTraceWarm } from './trace/trace-commands.ts'
import { showLive } from './live.ts'
import { formatBytes, formatCountOf } from './options/quantities.ts'
import type { Flags } from './options/read-options.ts'
import { outputFile } from './output-file.ts'
import { progressBar } from './progress.ts'
import { statusText } from './status/status-table.ts'
import { renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { withClient } from './with-client.ts'

export type StatusFlags = Flags & {
  readonly json?: boolean
  readonly watch?: boolean
  readonly report?: string
}

export async function runStatus(flags: StatusFlags, terminal: Terminal): Promise<void> {
  const signal = terminal.interrupted
  await withClient(flags, terminal, async (client) => {
    if (flags.report !== undefined) return writeReport(client, flags.report, terminal)
    if (flags.watch === true) return watchStatus(client, flags, terminal)
    const now = await client.status({ signal })
    terminal.out(flags.json === true ? `${JSON.stringify(now)}\n` : statusText(now))
  })
}

/** Rates are those of the last second. As JSON, a line each. */
async function watchStatus(client: ApiClient, flags: StatusFlags, terminal: Terminal) {
  const isJson = flags.json === true
  let before: PeerStatus | undefined
  await showLive({ ...terminal, ...(isJson ? { screen: () => undefined } : {}) }, async () => {
    const now = await client.status({ signal: terminal.interrupted })
    const text = isJson ? JSON.stringify(now) : statusText(now, before)
    before = now
    return text
  })
}

async function writeReport(client: ApiClient, file: string, terminal: Terminal): Promise<void> {
  const page = outputFile('--report', file, terminal.cwd)
  const signal = terminal.interrupted
  const [status, samples] = await Promise.all([
    client.status({ signal }),
    client.history({ signal }),
  ])
  const heat = status.pins === undefined ? undefined : await client.heat({ signal })
  // The library that draws takes a second to load.
  const { statusPage } = await import('./status/status-page.ts')
  await writeFile(page, await statusPage({ status, samples, heat }))
}

export type WarmFlags = Flags & {
  readonly everyNode?: boolean
  readonly trace?: string
  readonly volume?: string
}

export async function runWarm(
  paths: readonly string[],
  flags: WarmFlags,
  terminal: Terminal,
): Promise<void> {
  if ((flags.trace === undefined) === (paths.length === 0)) {
    throw usageError('warm: give either paths or --trace NAME')
  }
  if (flags.trace !== undefined) return runTraceWarm(flags.trace, flags, terminal)
  await withClient(flags, terminal, async (client) => {
    const targets = await resolveTargets(client, paths, terminal)
    const volumes = Map.groupBy(targets, (target) => target.volume)
    for (const [volume, group] of volumes) {
      const bar = progressBar(terminal, `warming ${volume}`)
      const total = await client
        .warm(
          volume,
          group.map((target) => target.path),
          {
            signal: terminal.interrupted,
            everyNode: flags.everyNode === true,
            onProgress: ({ bytesDone, bytes }) => bar.update(bytesDone, bytes),
          },
        )
        .finally(() => bar.stop())
      const others = flags.everyNode === true ? '; every other node has begun' : ''
      terminal.out(
        `${volume}: ${formatCountOf(total.filesDone, 'file')}, ` +
          `${formatBytes(total.bytesDone)} warm here${others}\n`,
      )
    }
  })
}

export async function runInvalidate(
  given: string,
  flags: Flags & { readonly recursive?: boolean },
  terminal: Terminal,
): Promise<void> {
  await withClient(flags, terminal, async (client) => {
    const [target] = await resolveTargets(client, [given], terminal)
    if (target === undefined) return
    const recursive = flags.recursive === true
    await client.invalidate(target.volume, target.path, { recursive, signal: terminal.interrupted })
    const what = recursive ? `all of volume ${target.volume}` : given
    terminal.out(`invalidated ${what} on every node\n`)
  })
}

export async function runHolders(
  given: string,
  flags: Flags & { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  await withClient(flags, terminal, async (client) => {
    const [target] = await resolveTargets(client, [given], terminal)
    if (target === undefined) return
    const found = await client.holders(target.volume, target.path, { signal: terminal.interrupted })
    if (flags.json === true) return terminal.out(`${JSON.stringify(found)}\n`)
    const rows = found.holders.map((each) => [
      each.peer,
      `${each.blocks} of ${found.blocks}`,
      each.isHome ? 'yes' : '',
    ])
    terminal.out(renderTable(['peer', 'blocks', 'home'], rows))
  })
}

// The socket's peer says which volumes and mounts there are; the mount itself is not touched.
export async function resolveTargets(
  client: ApiClient,
  given: readonly string[],
  terminal: Terminal,
): Promise<readonly Target[]> {
  const status = await client.status({ signal: terminal.interrupted })
  const volumes = status.node.volumes.map((volume) => volume.name)
  const places = { cwd: terminal.cwd, volumes, mounts: status.mounts }
  return given.map((each) => resolveThroughLinks(each, places))
}

// A mount point is known without symbolic links, and a person may come by way of one. The last name
// is left as it is: it may be gone from the source, or a link that is meant itself.
function resolveThroughLinks(given: string, places: Places): Target {
  try {
    return resolveTarget(given, places)
  } catch (error) {
    const { dir, base } = path.parse(path.resolve(places.cwd, given))
    if (!existsSync(dir)) throw error
    return resolveTarget(path.join(realpathSync(dir), base), places)
  }
}

/** How long one question may hang before the next, so that progress is seen. */
const LOOK_MS = 500

export async function runReady(
  flags: Flags & { readonly peers: number; readonly timeout: number },
  terminal: Terminal,
): Promise<void> {
  const from = performance.now()
  await withClient(flags, terminal, async (client) => {
    let reason = 'it was not asked in time'
    while (performance.now() - from < flags.timeout) {
      terminal.interrupted.throwIfAborted()
      reason = await lookAtReadiness(client, flags.peers, terminal)
      if (reason === '') return sayReady(flags.peers, from, terminal)
    }
    throw new PotluckError('ETIMEDOUT', `not ready after ${flags.timeout / 1000} s: ${reason}`)
  })
}

/** Empty when ready, else why not yet. A peer that is not there yet is waited for too. */
async function lookAtReadiness(
  client: ApiClient,
  peers: number,
  terminal: Terminal,
): Promise<string> {
  const signal = terminal.interrupted
  try {
    const now = await client.ready(peers, LOOK_MS, { signal })
    if (now.isReady) return ''
    if (now.peers < peers) {
      const remedy = 'check --join, --mesh and the key of the others'
      return `${now.peers} of ${peers} peers are in sight; ${remedy}`
    }
    return `no root page yet of ${now.waitingFor.join(', ')}; check that a peer has its --source`
  } catch (error) {
    if (!(error instanceof PotluckError) || error.code !== 'UNREACHABLE') throw error
    await sleep(100, undefined, { signal })
    return error.message
  }
}

function sayReady(peers: number, from: number, terminal: Terminal): void {
  const seconds = ((performance.now() - from) / 1000).toFixed(2)
  terminal.out(`ready: ${formatCountOf(peers, 'peer')}, after ${seconds} s\n`)
}
