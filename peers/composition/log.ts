// The house's `Log` on pino: lines for a person on a terminal, JSON for a machine elsewhere, always
// on standard error, since standard output belongs to what a command answers.
import { pino } from 'pino'
import { build as pretty } from 'pino-pretty'
import type { Log, LogLevel } from '../../src/base/log.ts'

/** Written at once, without a worker: the last line before an exit is the one that matters. */
export function openLog(level: LogLevel, isPretty: boolean): Log {
  const stream = isPretty
    ? pretty({
        destination: 2,
        sync: true,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss.l',
      })
    : pino.destination({ dest: 2, sync: true })
  const logger = pino({ level }, stream)
  return (lineLevel, message, fields) => logger[lineLevel](fields ?? {}, message)
}
