// The runs in which things go wrong on purpose: `sim swarm`, `sim invalidate`, `sim crash` … They
// live in files of their own because they measure no workload: they check promises, and fail where
// one is broken. Like all of this room they must load the simulator only when they are run.
import { type Command, Option } from 'commander'
import { EXIT_HELP } from '../exit-codes.ts'
import { LEAST_HALF_LIFE_MS, parseRate } from '../options/heat-settings.ts'
import { parseDurationFrom } from '../options/quantities.ts'
import { parseWhole } from '../options/values.ts'
import type { Terminal } from '../terminal.ts'
import { checked } from '../options/checked.ts'
import type { CrashFlags } from './crash/crash-command.ts'
import type { SoakFlags } from './crash/soak-command.ts'
import type { HeatFlags } from './heat-command.ts'
import type { InvalidateFlags } from './invalidate-command.ts'
import type { SwarmFlags } from './swarm-command.ts'

export function addFaultRuns(sim: Command, terminal: Terminal): void {
  addSwarm(sim, terminal)
  addInvalidate(sim, terminal)
  addCrash(sim, terminal)
  addSoak(sim, terminal)
  addHeat(sim, terminal)
}

function addCrash(sim: Command, terminal: Terminal): void {
  sim
    .command('crash')
    .description(
      'the log on a disk that crashes at any moment, what it promised checked after each',
    )
    .option('--seeds <RANGE>', 'such as 1..1000, or 7, or 3,7,9', '1..100')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (flags: CrashFlags) => {
      const { runCrash } = await import('./crash/crash-command.ts')
      await runCrash(flags, terminal)
    })
}

function addSoak(sim: Command, terminal: Terminal): void {
  sim
    .command('soak')
    .description('the object store at work for hours of virtual time: nothing in it may grow')
    .option('--minutes <N>', 'of virtual time', checked(parseWhole(1, 100_000)), 60)
    .option('--operations <N>', 'in all', checked(parseWhole(60, 10 ** 12)), 3_600_000)
    .option('--seed <N>', 'all randomness comes from it', checked(parseWhole(0, 2 ** 31)), 1)
    .option('--json', 'a line a minute, for a program')
    .addHelpText('after', `\nCtrl-C ends it early, with what is known by then.\n\n${EXIT_HELP}`)
    .action(async (flags: SoakFlags) => {
      const { runSoak } = await import('./crash/soak-command.ts')
      await runSoak(flags, terminal)
    })
}

function addHeat(sim: Command, terminal: Terminal): void {
  sim
    .command('heat')
    .description('a data set larger than a node, smaller than the mesh; a file that turns hot')
    .option('--nodes <N>', 'how many nodes', checked(parseWhole(4, 4_096)), 32)
    .option('--seed <SEED>', 'all randomness comes from it', '7')
    .option('--draws <N>', 'files each node reads', checked(parseWhole(1, 1_000_000)), 512)
    .option(
      '--half-life <DURATION>',
      'of heat',
      checked(parseDurationFrom(LEAST_HALF_LIFE_MS)),
      60_000,
    )
    .option('--pin-above <N>', 'uses a second', checked(parseRate), 1)
    .option('--json', 'for a program')
    .option('--report <FILE.html>', 'a page with pictures')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (flags: HeatFlags) => {
      const { runHeatSim } = await import('./heat-command.ts')
      await runHeatSim(flags, terminal)
    })
}

function addSwarm(sim: Command, terminal: Terminal): void {
  sim
    .command('swarm')
    .description('many seeds under faults, every promise of the mesh checked at every moment')
    .option('--seeds <RANGE>', 'such as 1..200, or 7, or 3,7,9', '1..20')
    .option('--nodes <N>', 'how many nodes', checked(parseWhole(2, 4_096)), 64)
    .option('--faults <WHAT>', 'none, some, many, or single ones', 'many')
    .addOption(
      new Option('--workload <WHOM>', 'who reads, or reads and writes')
        .choices(['readers', 'writers'])
        .default('readers'),
    )
    .addOption(
      new Option(
        '--coherence <MODE>',
        'of writers; strict: that all nodes are as one is checked, too',
      )
        .choices(['gossip', 'strict'])
        .default('gossip'),
    )
    .option('--locks', 'processes that lock files, in place of those that read them')
    .option('--bail', 'stop at the first seed that breaks a promise')
    .option('--json', 'one line of JSON a seed')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (flags: SwarmFlags) => {
      const { runSwarm } = await import('./swarm-command.ts')
      await runSwarm(flags, terminal)
    })
}

function addInvalidate(sim: Command, terminal: Terminal): void {
  sim
    .command('invalidate')
    .description('how long it takes until every node has acted on an invalidation')
    .option('--nodes <N>', 'how many nodes', checked(parseWhole(2, 65_536)), 512)
    .option(
      '--rounds <N>',
      'how many invalidations, one after another',
      checked(parseWhole(1, 10_000)),
      20,
    )
    .option('--loss <SHARE>', 'rumors lost on their way to a node, such as 1%', '1%')
    .option('--seed <SEED>', 'any word or number', '1')
    .option('--json', 'for a program')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (flags: InvalidateFlags) => {
      const { runInvalidation } = await import('./invalidate-command.ts')
      await runInvalidation(flags, terminal)
    })
}
