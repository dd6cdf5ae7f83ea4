import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { usageError } from './exit-codes.ts'

/**
 * The absolute path of a file that an option asks for. To be called before the work that the file is to
 * tell of, which may take hours.
 * @throws CommanderError of usage where nothing can be written there
 */
export function outputFile(option: string, file: string, cwd: string): string {
  const at = path.resolve(cwd, file)
  const directory = path.dirname(at)
  try {
    accessSync(directory, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const remedy = code === 'ENOENT' ? `make it: mkdir -p '${directory}'` : 'name another file'
    throw usageError(`${option}: "${directory}" can't be written to (${code}); ${remedy}`)
  }
  return at
}
