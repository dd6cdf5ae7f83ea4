// `potluck object`: a store of keys and bytes on a local disk, with compare-and-swap: serving one,
// and every operation of it for scripts. What a command prints is for programs too: a version, the
// bytes, a key a line. It must load the client, and the store, only when they are used.
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import { EXIT_HELP } from '../exit-codes.ts'
import { checked } from '../options/checked.ts'
import { parseSize } from '../options/quantities.ts'
import { parseWhole } from '../options/values.ts'
import type { Terminal } from '../terminal.ts'
import type { ServeFlags } from './serve-command.ts'
import type { SocketFlags, WriteFlags } from './object-commands.ts'

const MOST_SHARDS = 64

const SOCKET_HELP =
  "the store's Unix socket (default: RUNTIME/potluck/objects.sock) [POTLUCK_OBJECTS]"

const OBJECT_HELP = `
Keys are text; 0x and hexadecimal digits are bytes, and #N is the 8 bytes of a uint64.
FILE is - or left out for standard input. docs/objects.md has the protocol for programs.

${EXIT_HELP}`

export function addObject(program: Command, terminal: Terminal): void {
  const object = program
    .command('object')
    .description('keys and bytes on a local disk, with compare-and-swap, through a Unix socket')
    .addHelpText('after', OBJECT_HELP)
  addServe(object, terminal)
  addReads(object, terminal)
  addWrites(object, terminal)
  addRest(object, terminal)
}

function commands() {
  return import('./object-commands.ts')
}

function addServe(object: Command, terminal: Terminal): void {
  object
    .command('serve')
    .description('open a store, making it where there is none, and serve it until told to stop')
    .requiredOption('--dir <DIR>', 'where its files are')
    .requiredOption('--size <SIZE>', 'most bytes on the disk; kept for ever', checked(parseSize))
    .option(
      '--log-shards <N>',
      'threads, each with its part of the keys; kept for ever (default: one a core, at most 4)',
      checked(parseWhole(1, MOST_SHARDS)),
      Math.min(4, availableParallelism()),
    )
    .option('--socket <SOCKET>', SOCKET_HELP)
    .option('--until-eof', 'stop when standard input ends, too')
    .addHelpText('after', OBJECT_HELP)
    .action(async (flags: ServeFlags) => {
      const { runServe } = await import('./serve-command.ts')
      await runServe(flags, terminal)
    })
}

function addReads(object: Command, terminal: Terminal): void {
  addSocket(object.command('get'))
    .description("an object's bytes to standard output")
    .argument('<KEY>')
    .option('--range <FROM:LENGTH>', 'these bytes of it; may be given often', collect, [])
    .option('--follow', 'and those of the objects that each *next* names')
    .action(async (key: string, flags: SocketFlags & { range: string[]; follow?: true }) =>
      (await commands()).runGet(key, flags, terminal),
    )
  addSocket(object.command('stat'))
    .description('version and size of an object, or, without a key, how the store is')
    .argument('[KEY]')
    .option('--json', 'for a program')
    .action(async (key: string | undefined, flags: SocketFlags & { json?: true }) =>
      (await commands()).runStat(key, flags, terminal),
    )
  addSocket(object.command('list'))
    .description('every key with a prefix, one a line, in no order')
    .argument('[PREFIX]')
    .option('--versions', 'each with its version')
    .action(async (prefix: string | undefined, flags: SocketFlags & { versions?: true }) =>
      (await commands()).runList(prefix ?? '', flags, terminal),
    )
}

function addWrites(object: Command, terminal: Terminal): void {
  for (const name of ['put', 'append'] as const) {
    addSocket(object.command(name))
      .description(
        name === 'put'
          ? 'give a key new bytes; prints the version'
          : 'add bytes to an object, creating it where there is none; prints the version',
      )
      .argument('<KEY>')
      .argument('[FILE]')
      .option('--expect <VERSION>', 'only if the key has this version; 0: only if there is none')
      .option('--flush', 'return when it outlives the machine')
      .option('--compressed', 'note that the bytes are compressed')
      .option('--compact', 'pack it tight with others')
      .option('--revertable', 'keep the former version until `object release`')
      .option('--next <KEY>', 'the key that `get --follow` reads after this one')
      .action(async (key: string, file: string | undefined, flags: WriteFlags) =>
        (await commands()).runWrite(name, { key, file: file ?? '-' }, { flags, terminal }),
      )
  }
  addSocket(object.command('delete'))
    .description('delete an object')
    .argument('<KEY>')
    .option('--expect <VERSION>', 'only if the key has this version')
    .option('--flush', 'return when it outlives the machine')
    .option('--revertable', 'keep the former version until `object release`')
    .action(async (key: string, flags: WriteFlags) =>
      (await commands()).runDelete(key, flags, terminal),
    )
}

function addRest(object: Command, terminal: Terminal): void {
  addSocket(object.command('swap'))
    .description('change several objects, all or none; fails where a version is another one')
    .argument('<KEY=VERSION:FILE...>', 'FILE is left out to delete; VERSION 0: there is none')
    .option('--flush', 'return when it outlives the machine')
    .action(async (changes: string[], flags: WriteFlags) =>
      (await commands()).runSwap(changes, flags, terminal),
    )
  for (const [name, what] of [
    ['verify', 'read all of an object again and check it'],
    ['revert', 'back to what was there before the last revertable change'],
    ['release', 'keep the former version no longer'],
  ] as const) {
    addSocket(object.command(name))
      .description(what)
      .argument('<KEY>')
      .action(async (key: string, flags: SocketFlags) =>
        (await commands()).runOnKey(name, key, { flags, terminal }),
      )
  }
  addSocket(object.command('compare'))
    .description('whether a key has a version: exit code 0 or 1')
    .argument('<KEY>')
    .argument('<VERSION>')
    .action(async (key: string, version: string, flags: SocketFlags) =>
      (await commands()).runCompare(key, version, { flags, terminal }),
    )
  addSocket(object.command('flush'))
    .description('return when everything written before outlives the machine')
    .action(async (flags: SocketFlags) => (await commands()).runFlush(flags, terminal))
}

function addSocket(command: Command): Command {
  return command.option('--socket <SOCKET>', SOCKET_HELP).addHelpText('after', OBJECT_HELP)
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}
