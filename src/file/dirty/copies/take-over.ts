// Puts the copy of one file's written bytes on the source, in place of a writer that is dead.
import type { Log } from '../../../base/log.ts'
import { isAboutPath } from '../../../base/errors.ts'
import type { Counters } from '../../../base/counters.ts'
import type { Inode, Path, PeerId } from '../../../ports/messages.ts'
import type { DirtyRanges } from '../ranges.ts'
import { type MakeAs, ROOT, writeOut } from '../write-out.ts'

export type KeptFile = { path: Path; writtenMs: number; readonly ranges: DirtyRanges }

export type TakenFrom = {
  readonly peer: PeerId
  readonly session: number
  readonly volume: string
}

/** @throws PotluckError what the source failed with: to be tried again */
export type TakeOver = (from: TakenFrom, inode: Inode, file: KeptFile) => Promise<void>

const WRITE = { access: 'write', append: false, truncate: false, direct: false } as const

export type TakeOverInit = {
  readonly counters: Counters
  readonly log?: Log | undefined
  /** Makes changes of a volume here, takes in what they left behind, and tells everyone. */
  readonly makerOf: (volume: string) => MakeAs
  /** Where an inode is now, if this node knows. */
  readonly pathOf: (volume: string, inode: Inode) => Path | undefined
  /** The peer has nothing of the inode any more that the source has not. */
  readonly onClean: (from: TakenFrom, inode: Inode) => void
}

export function takeOverBy(init: TakeOverInit): TakeOver {
  return async (from, inode, file) => {
    const { counters, log } = init
    const make = init.makerOf(from.volume)
    const paths = new Set([init.pathOf(from.volume, inode) ?? file.path, file.path])
    const handle = await open(make, inode, paths)
    const { bytes } = file.ranges
    if (handle === undefined) {
      counters.add('dirty_lost_bytes_total', bytes)
      log?.(
        'warn',
        `'${file.path}' is not there any more: ${bytes} bytes by ${from.peer} go with it`,
      )
    } else {
      await save(make, { inode, handle }, file)
      counters.add('dirty_taken_over_bytes_total', bytes)
    }
    init.onClean(from, inode)
  }
}

/** Undefined where no path leads to it any more. */
async function open(
  make: MakeAs,
  inode: Inode,
  paths: ReadonlySet<Path>,
): Promise<number | undefined> {
  for (const path of paths) {
    try {
      return (await make({ type: 'open', on: { inode, path }, how: WRITE }, ROOT)).handle
    } catch (error) {
      if (!isAboutPath(error)) throw error
    }
  }
  return undefined
}

async function save(
  make: MakeAs,
  { inode, handle }: { readonly inode: Inode; readonly handle: number },
  { ranges, writtenMs }: KeptFile,
): Promise<void> {
  try {
    await writeOut(make, { inode, handle, extents: ranges.seal(), writtenMs })
    await make({ type: 'sync', handle, dataOnly: false }, ROOT)
  } finally {
    await make({ type: 'close', handle }, ROOT).catch(() => undefined)
  }
}
