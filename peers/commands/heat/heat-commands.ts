import { setTimeout as sleep } from 'node:timers/promises'
import { resolveTargets } from '../client-commands.ts'
import type { Flags } from '../options/read-options.ts'
import type { Terminal } from '../terminal.ts'
import { withClient } from '../with-client.ts'
import { heatText } from './heat-table.ts'

const REFRESH_MS = 1_000
const FRAME_START = '\u001b[H\u001b[2J'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

export type HeatFlags = Flags & { readonly json?: boolean }

/** On a terminal again every second, until interrupted. */
export async function runHeat(flags: HeatFlags, terminal: Terminal): Promise<void> {
  const signal = terminal.interrupted
  await withClient(flags, terminal, async (client) => {
    const now = await client.heat({ signal })
    if (flags.json === true) return terminal.out(`${JSON.stringify(now)}\n`)
    if (!terminal.isWatched) return terminal.out(heatText(now))
    terminal.out(HIDE_CURSOR)
    try {
      for (let shown = now; !signal.aborted; shown = await client.heat({ signal })) {
        terminal.out(FRAME_START + heatText(shown, process.stdout.rows))
        await sleep(REFRESH_MS, undefined, { signal })
      }
    } catch (error) {
      // Whoever has seen enough has not failed.
      if (!signal.aborted) throw error
    } finally {
      terminal.out(SHOW_CURSOR)
    }
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
    const options = { signal: terminal.interrupted }
    // A mistyped path would be waited for until it is there.
    if (isPinned) await client.attributes(target.volume, target.path, options)
    await client.pin(target.volume, target.path, { isPinned, ...options })
    terminal.out(`${isPinned ? 'pinned' : 'unpinned'} ${given} on every node\n`)
  })
}
