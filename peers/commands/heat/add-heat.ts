// `potluck heat`, `potluck pin` and `potluck unpin`: what is used often, and what stays because of that
// or because somebody says so. They ask a running peer; what they wish holds for the whole mesh.
// Whatever a file is called, a terminal must never be sent its control characters.
import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import type { HeatFlags } from './heat-commands.ts'

/** @param addSocket makes a command one that asks a running peer */
export function addHeat(
  program: Command,
  terminal: Terminal,
  addSocket: (command: Command) => Command,
): void {
  addSocket(program.command('heat'))
    .description('what is used how often, here and in the mesh, and what is pinned')
    .option('--json', 'once, for a program')
    .action(async (flags: HeatFlags) => (await commands()).runHeat(flags, terminal))
  const path = 'VOLUME:relative/path, or a path inside a mount of the peer'
  addSocket(program.command('pin'))
    .description('keep a file, or all files of a tree, in the RAM of the mesh until unpinned')
    .argument('<PATH>', path)
    .action(async (given: string, flags: HeatFlags) =>
      (await commands()).runPin(given, flags, { isPinned: true, terminal }),
    )
  addSocket(program.command('unpin'))
    .description('let go what was pinned by hand')
    .argument('<PATH>', path)
    .action(async (given: string, flags: HeatFlags) =>
      (await commands()).runPin(given, flags, { isPinned: false, terminal }),
    )
}

function commands() {
  return import('./heat-commands.ts')
}
