// The house's `Log` on pino: lines for a person on a terminal, JSON for a machine elsewhere, always
// on standard error, since standard output belongs to what a command answers.
import { pino } from 'pino'
import type { PrettyOptions } from 'pino-pretty'
import type { Log, LogLevel } from '../../src/base/log.ts'

/** Written at once, without a worker: the last line before an exit is the one that matters. */
export async function openLog(level: LogLevel, isPretty: boolean): Promise<Log> {
  const stream = isPretty ? await prettyStream() : pino.destination({ dest: 2, sync: true })
  const logger = pino({ level }, stream)
  return (lineLevel, message, fields) => logger[lineLevel](fields ?? {}, message)
}

const PRETTY: PrettyOptions = {
  destination: 2,
  sync: true,
  ignore: 'pid,hostname',
  translateTime: 'SYS:HH:MM:ss.l',
}

/** Loaded for a terminal alone: a machine's start need not wait for it. */
async function prettyStream() {
  const { build } = await import('pino-pretty')
  return build(PRETTY)
}
