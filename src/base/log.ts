export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Logging is injected: one line for a person, `fields` for a machine. */
export type Log = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void
