import type { ApiClient } from '../../api/api-client.ts'
import type { Target } from '../../api/paths.ts'
import { FILES_BELOW_MAX } from '../../../src/node/heat/files-below.ts'
import { resolveTargets } from '../client-commands.ts'
import { usageError } from '../exit-codes.ts'
import { formatBytes, formatCount, formatCountOf } from '../options/quantities.ts'
import type { Flags } from '../options/read-options.ts'
import { showLive } from '../live.ts'
import { printable } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { withClient } from '../with-client.ts'
import { heatText } from './heat-table.ts'

type Signalled = { readonly signal: AbortSignal }

export type HeatFlags = Flags & { readonly json?: boolean }

/** On a terminal again every second, until interrupted. */
export async function runHeat(flags: HeatFlags, terminal: Terminal): Promise<void> {
  const signal = terminal.interrupted
  await withClient(flags, terminal, async (client) => {
    if (flags.json === true)
      return terminal.out(`${JSON.stringify(await client.heat({ signal }))}\n`)
    if (terminal.screen() === undefined)
      return terminal.out(heatText(await client.heat({ signal })))
    await showLive(terminal, async (screen) =>
      heatText(await client.heat({ signal }), screen?.rows),
    )
  })
}

export async function runPin(
  given: string,
  flags: Flags,
  { isPinned, terminal }: { readonly isPinned: boolean; readonly terminal: Terminal },
): Promise<void> {
  await withClient(flags, terminal, async (client) => {
    const [target] = await resolveTargets(client, [given], terminal)
    if (target === undefined) return
    const { volume, path } = target
    const options = { signal: terminal.interrupted }
    // A mistyped path would be waited for until it is there.
    const below = isPinned ? await allBelow(client, target, options) : undefined
    await client.pin(volume, path, { isPinned, ...options })
    if (below === undefined) return terminal.out(`unpinned ${given} on every node\n`)
    const files = formatCountOf(below.files, 'file')
    terminal.out(`pinned ${given} on every node: ${files}, ${formatBytes(below.bytes)}\n`)
    const { room, peers } = await roomForPins(client, options)
    if (below.bytes <= room) return
    const most = `${formatBytes(room)} that ${peers} such peer${peers === 1 ? ' has' : 's have'}`
    terminal.err(`more than the ${most} for pins (--pin-ram): the rest is cached as ever\n`)
  })
}

/** @throws PotluckError EINVAL where it is nothing that can be pinned */
async function allBelow(client: ApiClient, { volume, path }: Target, options: Signalled) {
  const { attributes, target } = await client.attributes(volume, path, options)
  if (attributes.type === 'file') return { files: 1, bytes: attributes.size }
  const shown = `"${printable(path)}"`
  if (attributes.type === 'symlink') {
    throw usageError(
      `${shown} is a symbolic link; pin what it leads to, ${printable(target ?? '')}`,
    )
  }
  if (attributes.type !== 'directory') throw usageError(`${shown} is no file and no directory`)
  const all = { files: 0, bytes: 0 }
  const directories = [path]
  for (const directory of directories) {
    for await (const entry of client.list(volume, directory, options)) {
      const below = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.attributes.type === 'directory') directories.push(below)
      if (entry.attributes.type !== 'file') continue
      all.files += 1
      all.bytes += entry.attributes.size
    }
    if (Math.max(all.files, directories.length) <= FILES_BELOW_MAX) continue
    const most = formatCount(FILES_BELOW_MAX)
    throw usageError(`more than ${most} files or directories lie below ${shown}; pin parts of it`)
  }
  return all
}

/** As far as the other peers are like this one. */
async function roomForPins(client: ApiClient, options: Signalled) {
  const [{ pinCapacityBytes }, { node }] = await Promise.all([
    client.heat(options),
    client.status(options),
  ])
  const peers = node.peers + 1
  return { peers, room: peers * pinCapacityBytes }
}
