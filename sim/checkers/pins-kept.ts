import type { HotFile } from '../../src/node/heat/heat-status.ts'
import { type Checker, nameOf } from '../watch/checker.ts'

/** How often one node's pins are looked at: a node needs a second to heed what has changed. */
const LOOK_MS = 2_500

type Seen = {
  readonly atMs: number
  readonly peers: number
  readonly files: ReadonlyMap<string, Kept>
}
/** `isSteady`: it was the same pin the time before. */
type Kept = HotFile & { readonly isSteady: boolean }

/**
 * A block that a node holds because it is pinned stays there for as long as the node knows of the same pin,
 * and of the same peers, and its pins fit.
 */
export function pinsKept(): Checker {
  const seen = new Map<string, Seen>()
  let say: (what: string) => void
  let now: () => number
  return {
    name: 'pins-kept',
    begin: (world, report) => {
      say = report
      now = () => world.clock.elapsedMs
    },
    busy: (who, load) => {
      const before = seen.get(nameOf(who))
      if (before !== undefined && now() - before.atMs < LOOK_MS) return
      const status = who.node.isLiving ? who.node.mesh.heat?.status() : undefined
      if (status === undefined) return
      const { peers } = who.node.status()
      const files = new Map(
        status.files.map((file) => {
          const last = before?.files.get(file.inode)
          return [file.inode, { ...file, isSteady: last !== undefined && isSame(last, file) }]
        }),
      )
      seen.set(nameOf(who), { atMs: now(), peers, files })
      // Where pins do not all fit, the hotter ones take the place of others.
      const isFull = load.pinnedBytes > status.pinCapacityBytes / 2
      if (before === undefined || before.peers !== peers || isFull) return
      for (const [inode, { isSteady, blocksHeld, path, copies }] of before.files) {
        const file = files.get(inode)
        if (file?.isSteady !== true || !isSteady || copies === 0) continue
        if (file.blocksHeld >= blocksHeld) continue
        say(`${nameOf(who)} held ${blocksHeld} blocks of ${path}, and holds ${file.blocksHeld}`)
      }
    },
  }
}

function isSame(a: HotFile, b: HotFile): boolean {
  return a.copies === b.copies && a.sizeBytes === b.sizeBytes
}
