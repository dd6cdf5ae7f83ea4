import { readFile, stat } from 'node:fs/promises'
import { PotluckError } from '../../src/base/errors.ts'
import { hostAddress } from './parse-join.ts'

const MAX_FILE_BYTES = 16 * 1024 * 1024
const MAX_HOSTS = 65_536

/**
 * The hosts of a file, as multiaddrs in the file's order, each once: one a line, `host`,
 * `host:port`, or a multiaddr; what follows the first word (slots and the like) and `#` comments
 * are ignored.
 *
 * @throws PotluckError EINVAL, with the line number if there is one; EACCES
 */
export async function readHostFile(file: string, defaultPort: number): Promise<string[]> {
  return parseHostFile(await textOf(file), { file, defaultPort })
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size <= MAX_FILE_BYTES) return await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'is not there' : `can't be read (${code})`
    const kind = code === 'EACCES' ? 'EACCES' : 'EINVAL'
    throw new PotluckError(kind, `--join: the host file ${file} ${why}`, { cause })
  }
  throw new PotluckError('EINVAL', `host file ${file} is larger than ${MAX_FILE_BYTES} bytes`)
}

export function parseHostFile(
  text: string,
  { file, defaultPort }: { file: string; defaultPort: number },
): string[] {
  const addresses = new Set<string>()
  text.split('\n').forEach((line, index) => {
    const word = line.replace(/#.*/, '').trim().split(/\s+/)[0] ?? ''
    if (word === '') return
    try {
      addresses.add(parseHostLine(word, defaultPort))
    } catch (cause) {
      const why = (cause as Error).message
      throw new PotluckError('EINVAL', `host file ${file}, line ${index + 1}: ${why}`, { cause })
    }
  })
  if (addresses.size > MAX_HOSTS) {
    throw new PotluckError('EINVAL', `host file ${file} has more than ${MAX_HOSTS} hosts`)
  }
  return [...addresses]
}

function parseHostLine(word: string, defaultPort: number): string {
  if (/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}(\/p2p\/[A-Za-z0-9]+)?$/.test(word))
    return word
  const match = /^(\[[0-9A-Fa-f:]+\]|[^:]+):(\d{1,5})$/.exec(word)
  if (match === null) return hostAddress(word, defaultPort)
  return hostAddress(match[1] ?? '', Number(match[2]))
}
