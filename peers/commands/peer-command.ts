// `potluck peer`: starts a node, says in one line where it is, and stays until it is told to leave.
import { stat } from 'node:fs/promises'
import { openLog } from '../composition/log.ts'
import type { RunningNode } from '../composition/real-node.ts'
import type { PeerSettings } from '../composition/settings.ts'
import { usageError } from './exit-codes.ts'
import { peerSettings } from './options/peer-settings.ts'
import type { Flags } from './options/read-options.ts'
import type { Terminal } from './terminal.ts'
import { untilTold } from './until-told.ts'

export type PeerFlags = Flags & { readonly untilEof?: boolean }

/** Resolves when the node has left cleanly. @throws CommanderError of usage, PotluckError */
export async function runPeer(flags: PeerFlags, terminal: Terminal): Promise<void> {
  const settings = peerSettings(flags, terminal)
  await checkMountPoints(settings)
  const log = await openLog(settings.logLevel, terminal.isWatched)
  if (settings.isPlaintext)
    log('warn', 'connections are not encrypted; use this on an isolated network only')
  // Loaded here, so that the other commands start without libp2p.
  const { startRealNode } = await import('../composition/real-node.ts')
  const running = await startRealNode(settings, log)
  try {
    terminal.out(readyLine(running))
    await untilTold(terminal, flags.untilEof === true)
    log('info', 'leaving')
  } finally {
    await running.stop()
  }
}

/** A typing mistake is told at once, before anything is started. Mounting looks again. */
async function checkMountPoints({ mounts, sources }: PeerSettings): Promise<void> {
  for (const { directory } of mounts) {
    // Storage may hang: it is opened, with a limit of time, before it is mounted over.
    if (sources.some((source) => source.directory === directory)) continue
    const found = await stat(directory).catch((error: NodeJS.ErrnoException) => error.code)
    if (found === 'ENOENT')
      throw usageError(`--mount: "${directory}" is not there; make it: mkdir -p '${directory}'`)
    if (found === 'ENOTDIR' || (typeof found === 'object' && !found.isDirectory()))
      throw usageError(`--mount: "${directory}" is not a directory; name an empty one`)
  }
}

function readyLine({ node, addresses, mounts, api, metricsUrl }: RunningNode): string {
  const places = mounts.map((mount) => `${mount.volume} at ${mount.mountPoint}`).join(', ')
  const parts = [
    `potluck peer ${node.peer} is up`,
    `listening on ${addresses.join(' ')}`,
    places === '' ? 'nothing mounted' : `mounted ${places}`,
    `api ${api}`,
    ...(metricsUrl === undefined ? [] : [`metrics ${metricsUrl}`]),
  ]
  return `${parts.join('; ')}\n`
}
