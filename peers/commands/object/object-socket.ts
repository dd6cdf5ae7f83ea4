import path from 'node:path'
import { runtimeDirectory } from '../options/read-options.ts'
import type { Terminal } from '../terminal.ts'

export type SocketFlags = { readonly socket?: string }

/** The store's socket: flag, variable, default. */
export function objectSocket({ socket }: SocketFlags, { env, cwd }: Terminal): string {
  const given = socket ?? env['POTLUCK_OBJECTS']
  if (given !== undefined && given !== '') return path.resolve(cwd, given)
  return path.join(runtimeDirectory(env), 'objects.sock')
}
