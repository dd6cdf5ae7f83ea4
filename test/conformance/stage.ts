// Where suites run: a mount of a fresh peer, beside it that of a second one, over a fresh tmpfs; or
// a directory that the user named. However a run ends, its peers end and their mounts go.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { makeWorkspace } from '../../peers/commands/demo/workspace.ts'
import { killLiving, ready, startBenchPeer, stop, type BenchPeer } from '../bench/peers.ts'
import { notRoot } from '../reasons.ts'
import { settle } from './settle.ts'
import type { Place } from './suite.ts'

export type Stage = {
  makePlace(name: string): Place
  /** What went wrong with the peers meanwhile; undefined where all live. */
  trouble(): string | undefined
  close(): Promise<void>
  /** For an exit that can't wait. */
  drop(): void
}

export type StageInit = {
  /** Where its own directory is made: memory, where there is any. */
  readonly directory: string
  /** Options of every peer, such as `--write=through`. */
  readonly peerOptions: readonly string[]
  /** The peer whose mount is judged reaches the source through the other one alone. */
  readonly isWithoutSource: boolean
  readonly signal: AbortSignal
}

const SOURCE_BYTES = '4g'
const LOG_BYTES = 2000

/** A directory that is there already, such as one on a tmpfs: no peer is in the way. */
export function openDirectory(given: string): Stage {
  const root = mkdtempSync(path.join(given, 'conformance-'))
  const scratch = mkdtempSync('/tmp/conformance-')
  // Suites act as ordinary users, too.
  chmodSync(root, 0o755)
  const drop = (): void => {
    rmSync(root, { recursive: true, force: true })
    rmSync(scratch, { recursive: true, force: true })
  }
  return {
    makePlace(name) {
      const directory = path.join(root, name)
      mkdirSync(directory)
      return { directory, twin: directory, source: undefined, scratch, settle: async () => {} }
    },
    trouble: () => undefined,
    close: async () => drop(),
    drop,
  }
}

/** Two peers, each with a mount. @throws PotluckError ETIMEDOUT */
export async function openMounts(stage: StageInit): Promise<Stage> {
  const { directory, peerOptions, isWithoutSource, signal } = stage
  process.env['TMPDIR'] = directory
  const workspace = makeWorkspace(false)
  chmodSync(workspace.directory, 0o755)
  const source = workspace.makeDirectory('source')
  if (notRoot() === undefined) mountTmpfs(source)
  const scratch = workspace.makeDirectory('scratch')
  const drop = (): void => {
    killLiving()
    workspace.remove()
  }
  try {
    const bare = { mesh: 'conformance', isMounted: true, options: peerOptions }
    const having = { ...bare, source }
    const judged = startBenchPeer(workspace, isWithoutSource ? bare : having)
    const peers = [judged, startBenchPeer(workspace, having)] as const
    await ready(peers, signal)
    return { ...stageOf(peers, { source, scratch }), drop, close }
    async function close(): Promise<void> {
      await stop(peers)
      workspace.remove()
    }
  } catch (error) {
    drop()
    throw error
  }
}

function mountTmpfs(directory: string): void {
  const options = `size=${SOURCE_BYTES},mode=755`
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'potluck-conformance', directory])
}

function stageOf(
  [first, second]: readonly [BenchPeer, BenchPeer],
  { source, scratch }: Pick<Place, 'scratch'> & { source: string },
): Pick<Stage, 'makePlace' | 'trouble'> {
  return {
    makePlace(name) {
      const at = (mount: string | undefined) => path.join(mount ?? '', name)
      // Made through the mount: what is made here has to be there.
      mkdirSync(at(first.mountPoint))
      return {
        directory: at(first.mountPoint),
        twin: at(second.mountPoint),
        source: at(source),
        scratch,
        settle: () => settle(first.mountPoint ?? '', second.mountPoint ?? ''),
      }
    },
    trouble() {
      const gone = [first, second].filter(({ process: { exitCode, signalCode } }) => {
        return exitCode !== null || signalCode !== null
      })
      if (gone.length === 0) return undefined
      return gone.map(({ number, log }) => `peer ${number} ended: ${endOf(log)}`).join('; ')
    },
  }
}

function endOf(log: string): string {
  return readFileSync(log, 'utf8').trim().slice(-LOG_BYTES)
}
