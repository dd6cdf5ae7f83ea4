import type net from 'node:net'
import type { Client } from './stores.ts'

/** One request at a time, which is all that a client does here. */
export function redisClient(connection: net.Socket): Client {
  let waiting: { left: number; resolve: () => void } | undefined
  connection.on('data', (chunk: Buffer) => {
    if (waiting === undefined) return
    // A bulk reply says its length first; a status is one line.
    if (waiting.left < 0) {
      const end = chunk.indexOf('\r\n')
      const isBulk = chunk[0] === 0x24
      const length = Number(chunk.toString('latin1', 1, end))
      waiting.left = isBulk && length >= 0 ? end + 2 + length + 2 : end + 2
    }
    waiting.left -= chunk.length
    if (waiting.left > 0) return
    const { resolve } = waiting
    waiting = undefined
    resolve()
  })
  const ask = (parts: readonly (string | Buffer)[]): Promise<void> => {
    connection.cork()
    connection.write(`*${parts.length}\r\n`)
    for (const part of parts) {
      connection.write(`$${part.length}\r\n`)
      connection.write(part)
      connection.write('\r\n')
    }
    connection.uncork()
    return new Promise((resolve) => (waiting = { left: -1, resolve }))
  }
  return {
    write: (key, value) => ask(['SET', key, value]),
    read: (key) => ask(['GET', key]),
  }
}
