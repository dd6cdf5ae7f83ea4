import type { Path } from '../../src/ports/messages.ts'
import type { World } from '../world.ts'
import type { Checker } from '../watch/checker.ts'

const WINDOW_MS = 1_000

export type SourceReadsInit = {
  /** Reads of a block of one generation, on average over all blocks that were read. */
  readonly perBlock: number
  /** Reads of one file, for each of its blocks, within a second: more is a storm. */
  readonly burst: number
  readonly blockBytes: number
  /** Files up to this travel in their directory's page, and are read again with it. */
  readonly inlineBytes: number
}

/** The source is read about once a block, whatever the number of nodes, and never stormed. */
export function sourceReads(init: SourceReadsInit): Checker {
  const recent = new Map<Path, number[]>()
  const told = new Set<Path>()
  let world: World
  let say: (what: string) => void
  const note = (path: Path) => {
    const now = world.clock.elapsedMs
    const times = (recent.get(path) ?? []).filter((atMs) => atMs > now - WINDOW_MS)
    times.push(now)
    recent.set(path, times)
    // Where a file is no longer, nothing is read; each program finds that out for itself.
    const size = world.tree.at(path)?.size ?? 0
    if (size <= init.inlineBytes) return
    const blocks = Math.ceil(size / init.blockBytes)
    if (times.length <= init.burst * blocks || told.has(path)) return
    told.add(path)
    say(`${path}, of ${blocks} blocks, was read ${times.length} times within a second`)
  }
  return {
    name: 'source-reads',
    begin: (begun, report) => {
      ;[world, say] = [begun, report]
      world.storage.rules.unshift(({ kind, path }) => {
        if (kind === 'read') note(path)
        return undefined
      })
    },
    quiet: () => {
      const { perBlock } = readsPerBlock(world)
      if (perBlock <= init.perBlock) return
      say(`${perBlock.toFixed(2)} reads of the source a block, and ${init.perBlock} are allowed`)
    },
  }
}

export function readsPerBlock({ storage }: World): { perBlock: number; blocks: number } {
  let reads = 0
  for (const count of storage.blockReads.values()) reads += count
  const blocks = storage.blockReads.size
  return { perBlock: reads / Math.max(1, blocks), blocks }
}
