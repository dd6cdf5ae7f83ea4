// `potluck sim invalidate`: until when has every node acted on an invalidation, while rumors are lost?
import {
  type InvalidationResult,
  measureInvalidation,
  type Spread,
} from '../../../sim/swarm/invalidation.ts'
import { PotluckError } from '../../../src/base/errors.ts'
import { usageError } from '../exit-codes.ts'
import { progressBar } from '../progress.ts'
import { renderTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'

export type InvalidateFlags = {
  readonly nodes: number
  readonly rounds: number
  readonly loss: string
  readonly seed: string
  readonly json?: boolean
}

/** @throws PotluckError where a node read what it knew to be out of date, or never acted */
export async function runInvalidation(flags: InvalidateFlags, terminal: Terminal): Promise<void> {
  const { nodes, rounds, seed } = flags
  const loss = parseLoss(flags.loss)
  const bar = progressBar(terminal, `${nodes} nodes, ${flags.loss} of rumors lost`)
  const onRound = (done: number) => bar.update(done, rounds, `${done} of ${rounds} rounds`)
  const signal = terminal.interrupted
  const init = { seed, nodes, rounds, loss, onRound, signal }
  const result = await measureInvalidation(init).finally(() => bar.stop())
  terminal.out(flags.json === true ? `${JSON.stringify(result)}\n` : tableOf(result))
  const { staleReads, neverActed, violations } = result
  if (staleReads + neverActed + violations.length === 0) return
  const what = `${staleReads} stale reads, ${neverActed} nodes that never acted`
  throw new PotluckError('EIO', `${what}: ${violations[0]?.what ?? 'no checker spoke'}`)
}

function parseLoss(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const share = Number(digits) / (percent === '%' ? 100 : 1)
  if (digits !== undefined && share < 1) return share
  throw usageError(`--loss '${text}' is no share below 100%; write 1% or 0.01`)
}

function tableOf(result: InvalidationResult): string {
  const row = (name: string, { p50, p99, max }: Spread) => [name, ms(p50), ms(p99), ms(max)]
  const times = renderTable(
    ['milliseconds of virtual time', 'p50', 'p99', 'max'],
    [
      row('from the change until a node has acted', result.actedMs),
      row('from the change until all have acted (of rounds)', result.allActedMs),
      row('the first read after', result.readMs),
    ],
  )
  const { nodes, rounds, reads, staleReads, failedReads, neverActed, perBlock, hash } = result
  const facts = [
    `${rounds} rounds on ${nodes} nodes`,
    `${reads} reads after the news, ${staleReads} stale, ${failedReads} failed`,
    `${neverActed} times a node never acted`,
    `${perBlock.toFixed(2)} source reads a block; hash ${hash}`,
  ]
  return `${times}\n${facts.join('\n')}\n`
}

function ms(value: number): string {
  return value.toFixed(1)
}
