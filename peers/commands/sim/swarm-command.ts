// `potluck sim swarm`: seed after seed, and for each that breaks a promise what was broken and the one
// command that does it again.
import { parseFaults } from '../../../sim/faults/parse-faults.ts'
import { LOCK_FAULTS, runLocks } from '../../../sim/locks/lock-run.ts'
import { runSeed, type SeedResult } from '../../../sim/swarm/run-seed.ts'
import { READERS } from '../../../sim/swarm/readers.ts'
import { parseSeeds } from '../../../sim/swarm/seeds.ts'
import { WRITERS } from '../../../sim/swarm/writing/writers.ts'
import type { Workload } from '../../../sim/swarm/workload.ts'
import { Tally } from '../../../sim/swarm/tally.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { usageError } from '../exit-codes.ts'
import { progressBar } from '../progress.ts'
import { renderTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'

export type SwarmFlags = {
  readonly seeds: string
  readonly nodes: number
  readonly faults: string
  readonly bail?: boolean
  readonly locks?: boolean
  /** @default 'readers' */
  readonly workload?: 'readers' | 'writers'
  /** @default 'gossip' */
  readonly coherence?: 'gossip' | 'strict'
  readonly json?: boolean
}

/** Of one seed: further ones mostly follow from the first. */
const VIOLATIONS_SHOWN = 3

/** @throws PotluckError where a seed broke a promise, CommanderError for flags that say nothing */
export async function runSwarm(flags: SwarmFlags, terminal: Terminal): Promise<void> {
  if (flags.locks === true) return runLockSwarm(flags, terminal)
  const { seeds, faults } = understood(flags)
  const total = new Total()
  const bar = progressBar(terminal, `${flags.nodes} nodes, faults ${flags.faults}`)
  try {
    for (const seed of seeds) {
      if (terminal.interrupted.aborted) break
      // A bar over a seed's own lines would be torn: it goes on below them.
      const result = await runSeed({ seed, faults, ...runOf(flags) })
      total.add(result)
      tell(result, flags, terminal)
      bar.update(total.seeds, seeds.length, `${total.seeds} of ${seeds.length} seeds`)
      if (flags.bail === true && result.violations.length > 0) break
    }
  } finally {
    bar.stop()
  }
  if (flags.json !== true) terminal.out(total.table())
  if (total.broken.length === 0) return
  const which = total.broken.join(', ')
  throw new PotluckError('EIO', `${total.broken.length} of ${total.seeds} seeds failed: ${which}`)
}

/** @throws PotluckError where two held what excludes each other, or somebody could not lock */
async function runLockSwarm(flags: SwarmFlags, terminal: Terminal): Promise<void> {
  const { seeds } = understood(flags)
  // Leases are longer than the usual faults, which would show nothing.
  const faults = flags.faults === 'many' ? LOCK_FAULTS : parseFaults(flags.faults)
  const broken: number[] = []
  let [taken, lost] = [0, 0]
  for (const seed of seeds) {
    if (terminal.interrupted.aborted) break
    const { violations, tally, hash } = await runLocks({ seed, nodes: flags.nodes, faults })
    taken += tally.taken
    lost += tally.lost
    if (flags.json === true) terminal.out(`${JSON.stringify({ seed, hash, violations })}\n`)
    for (const { checker, atMs, what } of violations.slice(0, VIOLATIONS_SHOWN)) {
      terminal.out(`seed ${seed}: ${checker}, at ${Math.round(atMs)} ms: ${what}\n`)
    }
    if (violations.length > 0) broken.push(seed)
    if (flags.bail === true && broken.length > 0) break
  }
  if (flags.json !== true) {
    const rows = [
      ['seeds', seeds.length],
      ['seeds that broke a promise', broken.length],
      ['locks taken', taken],
      ['locks lost and known to be', lost],
    ] as const
    terminal.out(renderTable(['over all seeds', ''], rows))
  }
  if (broken.length === 0) return
  throw new PotluckError('EIO', `${broken.length} seeds failed: ${broken.join(', ')}`)
}

function runOf({ workload, coherence = 'gossip', nodes }: SwarmFlags) {
  const who: Workload = workload === 'writers' ? WRITERS : READERS
  return { nodes, workload: who, coherence, isLinearizable: coherence === 'strict' }
}

function understood({ seeds, faults }: SwarmFlags) {
  try {
    return { seeds: parseSeeds(seeds), faults: parseFaults(faults) }
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message)
    throw error
  }
}

function tell(result: SeedResult, flags: SwarmFlags, terminal: Terminal): void {
  const { violations, drawn, tally, ...rest } = result
  if (flags.json === true) {
    const { reads, absent, failed, slowestMs } = tally
    const causes = Object.fromEntries(tally.causes)
    const counts = { reads, absent, failed, slowestMs, causes }
    terminal.out(`${JSON.stringify({ ...drawn, ...rest, ...counts, violations })}\n`)
    return
  }
  if (violations.length === 0) return
  const { seed } = drawn
  const lines = violations.slice(0, VIOLATIONS_SHOWN).map(({ checker, atMs, what }) => {
    return `  ${checker}, at ${Math.round(atMs)} ms: ${what}`
  })
  if (violations.length > lines.length) lines.push(`  and ${violations.length - lines.length} more`)
  const { nodes, faults, workload = 'readers', coherence = 'gossip' } = flags
  const kind = `--workload ${workload} --coherence ${coherence}`
  const who = `${kind} --seeds ${seed} --nodes ${nodes} --faults ${faults}`
  const replay = `potluck sim swarm ${who}`
  terminal.out(`seed ${seed}: ${JSON.stringify(drawn)}\n${lines.join('\n')}\n  again: ${replay}\n`)
}

function reasons(title: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].sort(([, a], [, b]) => b - a)
  return rows.length === 0 ? '' : `\n${renderTable([title, ''], rows)}`
}

/** What all seeds so far came to. */
class Total {
  readonly broken: number[] = []
  readonly #tally = new Tally()
  seeds = 0
  #perBlock = 0
  #messages = 0
  #events = 0

  add({ drawn, tally, violations, perBlock, messages, events }: SeedResult): void {
    this.seeds += 1
    this.#tally.add(tally)
    if (violations.length > 0) this.broken.push(drawn.seed)
    this.#perBlock = Math.max(this.#perBlock, perBlock)
    this.#messages = Math.max(this.#messages, messages)
    this.#events += events
  }

  table(): string {
    const { reads, absent, failed, slowestMs, causes, changes, counts, refusals } = this.#tally
    const facts = renderTable(
      ['over all seeds', ''],
      [
        ['seeds', this.seeds],
        ['seeds that broke a promise', this.broken.length],
        ['reads of whole files', reads],
        ['of them of names that were absent', absent],
        ['of them failed', failed],
        ['changes made through the mesh', changes],
        ['counts under locks', counts],
        ['slowest read while faults went on, ms', Math.round(slowestMs)],
        ['source reads a block, most of any seed', this.#perBlock.toFixed(2)],
        ['messages a node and second, most', this.#messages],
        ['events', this.#events],
      ],
    )
    return [
      facts,
      reasons('why reads failed', causes),
      reasons('why changes were not made', refusals),
    ].join('')
  }
}
