// `potluck trace …` on the command line: what programs read at their start, seen and moved about by people.
// Traces are the peers'; these commands ask one of them. What a trace says of paths is nobody's word to
// believe: a terminal must never be sent its control characters.
import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import type { TraceFlags } from './trace-commands.ts'

type Add = (name: string, description: string) => Command

/** @param addSocket makes a command one that asks a running peer */
export function addTrace(
  program: Command,
  terminal: Terminal,
  addSocket: (command: Command) => Command,
): void {
  const trace = program
    .command('trace')
    .description('what programs read at their start, so that it is fetched ahead the next time')
  const add: Add = (name, description) =>
    addSocket(trace.command(name))
      .description(description)
      .option('--volume <NAME>', 'which volume, where the peer has several')
  add('list', 'the traces that are known')
    .option('--json', 'for a program')
    .action(async (flags: TraceFlags) => (await commands()).runTraceList(flags, terminal))
  add('show', 'what a trace holds, over time')
    .argument('<NAME>', 'of the trace')
    .option('--json', 'for a program')
    .option('--report <FILE.html>', 'a page with pictures')
    .action(async (name: string, flags: TraceFlags & { readonly report?: string }) =>
      (await commands()).runTraceShow(name, flags, terminal),
    )
  add('record', 'run a command, and keep what it reads as a trace, on every node')
    .argument('<NAME>', 'letters, digits, and . _ + -')
    .argument('<COMMAND...>', 'behind --')
    .action(async (name: string, command: string[], flags: TraceFlags) =>
      (await commands()).runTraceRecord(name, command, { flags, terminal }),
    )
  add('delete', 'forget a trace, on every node')
    .argument('<NAME>', 'of the trace')
    .action(async (name: string, flags: TraceFlags) =>
      (await commands()).runTraceDelete(name, flags, terminal),
    )
  addFiles(add, terminal)
}

function addFiles(add: Add, terminal: Terminal): void {
  add('export', 'write a trace to a file')
    .argument('<NAME>', 'of the trace')
    .requiredOption('-o, --out <FILE>', 'where to')
    .action(async (name: string, flags: TraceFlags & { readonly out: string }) =>
      (await commands()).runTraceExport(name, flags, terminal),
    )
  add('import', 'read a trace from a file, for every node')
    .argument('<FILE>', 'what `trace export` wrote')
    .option('--as <NAME>', 'by another name')
    .action(async (file: string, flags: TraceFlags & { readonly as?: string }) =>
      (await commands()).runTraceImport(file, flags, terminal),
    )
}

function commands() {
  return import('./trace-commands.ts')
}
