// A view that is drawn again every second in place, until whoever looks has seen enough. Where nobody
// looks, in a pipe or a file, there is nothing to draw over: one view after another is written there, or
// one alone. It must leave the terminal as it was, however it ends.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Screen, Terminal } from './terminal.ts'

const REFRESH_MS = 1_000
/** Without a cursor; what is too long for a line is cut there and does not spill into the next. */
const BEGIN = '\u001b[?25l\u001b[?7l\u001b[2J'
const END = '\u001b[?7h\u001b[?25h'
const TOP = '\u001b[H'
const REST_OF_LINE = '\u001b[K'
const REST_OF_SCREEN = '\u001b[J'

/** @param look what is to be seen now. @throws whatever it throws before the end */
export async function showLive(
  terminal: Terminal,
  look: (screen: Screen | undefined) => Promise<string>,
): Promise<void> {
  const { interrupted: signal } = terminal
  const first = await look(terminal.screen())
  if (terminal.screen() !== undefined) terminal.out(BEGIN)
  try {
    for (let view = first; !signal.aborted; view = await look(terminal.screen())) {
      terminal.out(inPlace(view, terminal.screen()))
      await sleep(REFRESH_MS, undefined, { signal })
    }
  } catch (error) {
    // Whoever has seen enough has not failed.
    if (!signal.aborted) throw error
  } finally {
    if (terminal.screen() !== undefined) terminal.out(END)
  }
}

/** Over the view before; as many lines as the screen has room for. */
function inPlace(view: string, screen: Screen | undefined): string {
  if (screen === undefined) return `${view}\n`
  const lines = view
    .trimEnd()
    .split('\n')
    .slice(0, Math.max(1, screen.rows - 1))
  return `${TOP}${lines.map((line) => `${line}${REST_OF_LINE}\n`).join('')}${REST_OF_SCREEN}`
}
