import { openLog } from '../../composition/log.ts'
import { startObjects, type RunningObjects } from '../../objects/start-objects.ts'
import { formatBytes, formatCount } from '../options/quantities.ts'
import type { Terminal } from '../terminal.ts'
import { untilTold } from '../until-told.ts'
import { objectSocket, type SocketFlags } from './object-socket.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type ServeFlags = SocketFlags & {
  readonly dir: string
  readonly size: number
  readonly logShards: number
  readonly untilEof?: boolean
}

/** Resolves when the store was told to stop and has. @throws PotluckError */
export async function runServe(flags: ServeFlags, terminal: Terminal): Promise<void> {
  const level = terminal.env['POTLUCK_LOG_LEVEL']
  const log = await openLog(LEVELS.find((each) => each === level) ?? 'info', terminal.isWatched)
  const running = await startObjects({
    directory: flags.dir,
    sizeBytes: flags.size,
    shards: flags.logShards,
    socket: objectSocket(flags, terminal),
    log,
  })
  try {
    terminal.out(readyLine(flags, running))
    await Promise.race([untilTold(terminal, flags.untilEof === true), running.failed])
  } finally {
    await running.stop()
  }
}

function readyLine({ dir, logShards }: ServeFlags, { socket, reports }: RunningObjects): string {
  const sum = (pick: (report: RunningObjects['reports'][number]) => number): number =>
    reports.reduce((total, report) => total + pick(report), 0)
  const parts = [
    `potluck object store of ${dir} is up at ${socket}`,
    `${logShards} ${logShards === 1 ? 'shard' : 'shards'}`,
    `${formatCount(sum(({ records }) => records))} records`,
    `${formatBytes(sum(({ liveBytes }) => liveBytes))} live`,
    `opened in ${Math.max(...reports.map(({ seconds }) => seconds)).toFixed(2)} s`,
  ]
  const cutBytes = sum((report) => report.cutBytes)
  const damaged = sum((report) => report.damaged)
  if (cutBytes > 0) parts.push(`a torn tail of ${formatBytes(cutBytes)} was cut off`)
  if (damaged > 0) parts.push(`${damaged} damaged records were left out`)
  return `${parts.join('; ')}\n`
}
