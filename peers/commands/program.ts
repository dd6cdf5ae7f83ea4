// The command line: which commands and options there are, and what --help says. Each command is a
// function of its flags and a Terminal, in a file of its own; `options/` reads the flags, `demo/` is
// the demonstration.
//
// Commands speak to people: what was asked for goes to standard output, everything else to standard
// error, a failure is one line with the value that was wrong and what to do, and its exit code says
// of which kind it was. They must never read a mount that their own process serves.
import { Command, Option } from 'commander'
import type { StatusFlags, WarmFlags } from './client-commands.ts'
import { EXIT_HELP } from './exit-codes.ts'
import { addHeat } from './heat/add-heat.ts'
import { addObject } from './object/add-object.ts'
import { checked } from './options/checked.ts'
import { parseDuration, parseSize } from './options/quantities.ts'
import type { Flags } from './options/read-options.ts'
import { OPTIONS, PRECEDENCE_HELP, variableOf } from './options/table.ts'
import type { OptionName, OptionRow } from './options/table.ts'
import { DRIVERS, parseWhole, parseWord } from './options/values.ts'
import type { PeerFlags } from './peer-command.ts'
import { addTrace } from './trace/add-trace.ts'
import { addSim } from './sim/add-sim.ts'
import type { Terminal } from './terminal.ts'

const DESCRIPTION =
  'A cooperative cache mesh: reads a file tree from slow shared storage once, and serves it to ' +
  'every node at memory speed.'

const PATH_HELP = 'VOLUME:relative/path, or a path inside a mount of the peer'

/** The whole command line, ready to parse; a command's failure rejects `parseAsync`. */
export function makeProgram(terminal: Terminal, version: string): Command {
  const program = new Command('potluck')
    .description(DESCRIPTION)
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(potluck --help, or potluck COMMAND --help, says what there is)')
    .addHelpText('after', `\n${PRECEDENCE_HELP}\n\n${EXIT_HELP}`)
  addPeer(program, terminal)
  addReady(program, terminal)
  addStatus(program, terminal)
  addPathCommands(program, terminal)
  addHeat(program, terminal, addSocket)
  addTrace(program, terminal, addSocket)
  addDemo(program, terminal)
  addObject(program, terminal)
  addSim(program, terminal)
  return program
}

function addPeer(program: Command, terminal: Terminal): void {
  const command = program
    .command('peer')
    .description('bring a node: its RAM, its source, its mounts')
  for (const row of OPTIONS) addOption(command, row)
  addConfig(command)
    .option('--no-mount', 'mount nothing, whatever the variable or the config file says')
    .option('--until-eof', 'leave when standard input ends, too (for a program that starts peers)')
    .addHelpText('after', `\n${PRECEDENCE_HELP}\n\n${EXIT_HELP}`)
    .action(async (flags: PeerFlags) => {
      const { runPeer } = await import('./peer-command.ts')
      await runPeer(flags, terminal)
    })
}

function addReady(program: Command, terminal: Terminal): void {
  addSocket(program.command('ready'))
    .description("wait until peers see each other and every volume's root page is served")
    .option('--peers <N>', 'how many peers, this one included', whole(1, 1_000_000), 1)
    .addOption(
      new Option('--timeout <DURATION>', 'how long to wait; a bare number is seconds')
        .argParser(checked(parseDuration))
        .default(60_000, '60s'),
    )
    .action(async (flags: Flags & { peers: number; timeout: number }) =>
      (await clientCommands()).runReady(flags, terminal),
    )
}

function addStatus(program: Command, terminal: Terminal): void {
  addSocket(program.command('status'))
    .description('peers, volumes, RAM, hits by tier, source reads and rates of a peer')
    .option('--json', 'for a program')
    .option('--watch', 'again every second, with the rates of that second')
    .option('--report <FILE.html>', 'a page with the last half hour in pictures')
    .action(async (flags: StatusFlags) => (await clientCommands()).runStatus(flags, terminal))
}

function addPathCommands(program: Command, terminal: Terminal): void {
  addSocket(program.command('warm'))
    .description('read trees or files into the mesh ahead of the programs')
    .argument('[PATH...]', PATH_HELP)
    .option('--every-node', "into every node's shard, not this one's alone")
    .option('--trace <NAME>', 'what this trace holds, into every node; instead of paths')
    .option('--volume <NAME>', 'of the trace, where the peer has several')
    .action(async (paths: string[], flags: WarmFlags) =>
      (await clientCommands()).runWarm(paths, flags, terminal),
    )
  addSocket(program.command('invalidate'))
    .description('tell every node that a path has changed on the source')
    .argument('<PATH>', PATH_HELP)
    .option('--recursive', 'the whole volume')
    .action(async (path: string, flags: Flags) =>
      (await clientCommands()).runInvalidate(path, flags, terminal),
    )
  addSocket(program.command('holders'))
    .description('which peers hold how many blocks of a path')
    .argument('<PATH>', PATH_HELP)
    .option('--json', 'for a program')
    .action(async (path: string, flags: Flags) =>
      (await clientCommands()).runHolders(path, flags, terminal),
    )
}

function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('real peers on this machine read one tree, every byte compared, and counted')
    .option('--peers <N>', 'how many peers', whole(2, 64), 8)
    .option('--tree <DIR>', 'the tree to read (default: one of 5,000 files or more found here)')
    .option('--no-mount', 'read through the API instead of FUSE')
    .option(
      '--driver <NAME>',
      'kernel or fuse-native (default: kernel)',
      checked(parseWord(DRIVERS)),
    )
    .addOption(
      new Option('--inline <SIZE>', 'files up to this travel inside their directory page')
        .argParser(checked((text) => `${parseSize(text)}`))
        .default('0', 'none do'),
    )
    .option('--keep', "keep the peers' logs")
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (flags: Flags & { peers: number }) => {
      const { runDemo } = await import('./demo/demo.ts')
      await runDemo(flags, terminal)
    })
}

function addSocket(command: Command): Command {
  for (const row of OPTIONS) if (row.name === 'api' || row.name === 'mesh') addOption(command, row)
  return addConfig(command).addHelpText('after', `\n${EXIT_HELP}`)
}

function addConfig(command: Command): Command {
  return command.option('--config <FILE>', 'options in YAML (POTLUCK_CONFIG)')
}

function addOption(command: Command, row: OptionRow & { readonly name: OptionName }): void {
  const flag = row.value === undefined ? `--${row.name}` : `--${row.name} <${row.value}>`
  const option = new Option(flag, `${row.help} [${variableOf(row.name)}]`)
  if (row.isMany === true) option.argParser(collect)
  command.addOption(option)
}

function collect(text: string, before: unknown): readonly string[] {
  return Array.isArray(before) ? [...(before as string[]), text] : [text]
}

function whole(least: number, most: number): (text: string) => number {
  return checked(parseWhole(least, most))
}

/** What only they need (tables, progress bars) is not loaded with a peer. */
function clientCommands() {
  return import('./client-commands.ts')
}
