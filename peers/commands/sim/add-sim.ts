// `potluck sim`: the simulator's commands. Each run is a process of its own with a heap of its own, so
// that a large one can't take a small one down, and what it says of its memory is its own.
import type { Command } from 'commander'
import { FAULTS_HELP } from '../../../sim/faults/parse-faults.ts'
import { EXIT_HELP } from '../exit-codes.ts'
import { parseWhole } from '../options/values.ts'
import type { Terminal } from '../terminal.ts'
import { addFaultRuns } from './add-fault-runs.ts'
import { checked } from '../options/checked.ts'
import type { RunFlags } from './run-flags.ts'
import type { TraceFlags } from './trace-command.ts'

// Named here, and not imported: no other command shall load the simulator. A test holds them together.
export const WORKLOAD_NAMES = 'import, broadcast, dataset'
export const WAY_NAMES = 'mesh, direct, static-tree, home-only'
const AHEAD_NAMES = 'none, first-run, trace'

const NODES_MAX = 262_144

const RUN_HELP = `
A run is its seed: the same seed, options and commit give the same hash, in any process. What a run
costs and models is set with --set; \`potluck sim parameters\` lists it all.
Workloads: ${WORKLOAD_NAMES}, and replay with --trace-file.
Ways: ${WAY_NAMES}.
Faults: ${FAULTS_HELP}.

${EXIT_HELP}`

export function addSim(program: Command, terminal: Terminal): void {
  const sim = program
    .command('sim')
    .description('the same node code in a simulated cluster of up to tens of thousands of nodes')
  addRun(sim, terminal)
  addFaultRuns(sim, terminal)
  addTrace(sim, terminal)
  addReport(sim, terminal)
  sim
    .command('parameters')
    .description('what --set can set, with the defaults and where they come from')
    .action(async () => {
      const { showParameters } = await import('./parameters-command.ts')
      showParameters(terminal)
    })
}

function addRun(sim: Command, terminal: Terminal): void {
  sim
    .command('run')
    .description('run a workload on simulated nodes, and on baselines in the same network')
    .option('--workload <NAME>', `${WORKLOAD_NAMES} or replay`, 'import')
    .option('--trace-file <FILE>', 'the trace to replay; `potluck sim trace` makes one')
    .option('--nodes <N>', 'how many nodes; several, for a curve, with commas', checked(parseNodes))
    .option('--sweep <N,N,...>', 'the same as --nodes', checked(parseNodes))
    .option('--seed <SEED>', 'any word or number', '1')
    .option('--ways <NAME,...>', 'how nodes get at the tree')
    .option('--compare <NAME,...>', 'the mesh, and these ways')
    .option('--faults <WHAT>', 'none, some, many, or single ones (the mesh alone has them)', 'none')
    .option(
      '--ahead <MODE,...>',
      `what nodes fetch before it is asked for: ${AHEAD_NAMES} (trace: with that of an earlier run)`,
      checked(parseAhead),
      ['first-run'],
    )
    .option('--set <NAME=VALUE>', 'set a parameter; may be given often', collect, [])
    .option(
      '--vary <NAME=V,V,...>',
      'run with each of these values; often: all together',
      collect,
      [],
    )
    .option('--memory <MIB>', 'the heap of each run', checked(parseWhole(256, 4_000_000)))
    .option('--json', 'the results, for a program')
    .option('--out <DIR>', 'write each result there as JSON')
    .option('--trace <DIR>', 'write there what each node did: a line for each class of events')
    .option('--report <FILE.html>', 'tables and pictures as one page, and FILE.json beside it')
    .addHelpText('after', RUN_HELP)
    .action(async (flags: RunFlags) => {
      const { runSim } = await import('./run-command.ts')
      await runSim(flags, terminal)
    })
}

function addReport(sim: Command, terminal: Terminal): void {
  sim
    .command('report')
    .description('one page out of several reports, such as runs made on several machines')
    .argument('<FILE.json...>', 'what `sim run --report` wrote beside its page')
    .requiredOption('-o, --out <FILE.html>', 'the page; the JSON of all goes beside it')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (files: string[], { out }: { readonly out: string }) => {
      const { mergeReports } = await import('./report-command.ts')
      await mergeReports(files, out, terminal)
    })
}

function addTrace(sim: Command, terminal: Terminal): void {
  sim
    .command('trace')
    .description('make a trace for `replay` out of what strace wrote')
    .argument(
      '<STRACE_FILE>',
      'from: strace -f -ttt -T -s 0 -e trace=%file,%desc,%process -o FILE PROGRAM',
    )
    .requiredOption('--under <DIR>', 'only what lies there; paths become relative to it')
    .option('--cwd <DIR>', 'where the program was started (default: here)')
    .option(
      '--mapped <SHARE>',
      'how much of each mapping counts as read, 0 to 1',
      checked(share),
      1,
    )
    .option('-o, --out <FILE>', 'where to write it (default: standard output)')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (file: string, flags: TraceFlags) => {
      const { runTrace } = await import('./trace-command.ts')
      await runTrace(file, flags, terminal)
    })
}

/** `512`, or `32,512,8192`. */
function parseNodes(text: string): readonly number[] {
  return text.split(',').map(parseWhole(1, NODES_MAX))
}

function parseAhead(text: string): readonly string[] {
  const known = AHEAD_NAMES.split(', ')
  const modes = text.split(',').map((mode) => mode.trim())
  if (modes.every((mode) => known.includes(mode))) return modes
  throw new Error(`is not known; there are ${AHEAD_NAMES}`)
}

function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new Error('is not a share; write a number from 0 to 1')
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}
