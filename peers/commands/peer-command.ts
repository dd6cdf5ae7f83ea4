// `potluck peer`: starts a node, says in one line where it is, and stays until it is told to leave.
import { once } from 'node:events'
import { openLog } from '../composition/log.ts'
import type { RunningNode } from '../composition/real-node.ts'
import { peerSettings } from './options/peer-settings.ts'
import type { Flags } from './options/read-options.ts'
import type { Terminal } from './terminal.ts'

export type PeerFlags = Flags & { readonly untilEof?: boolean }

/** Resolves when the node has left cleanly. @throws CommanderError of usage, PotluckError */
export async function runPeer(flags: PeerFlags, terminal: Terminal): Promise<void> {
  const settings = peerSettings(flags, terminal)
  const log = openLog(settings.logLevel, terminal.isWatched)
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

async function untilTold({ interrupted }: Terminal, untilEof: boolean): Promise<void> {
  if (interrupted.aborted) return
  const told = once(interrupted, 'abort')
  if (!untilEof) return void (await told)
  process.stdin.resume()
  const ended = new Promise<void>((resolve) => {
    process.stdin
      .once('end', resolve)
      .once('close', resolve)
      .once('error', () => resolve())
  })
  await Promise.race([told, ended])
  process.stdin.destroy()
}
