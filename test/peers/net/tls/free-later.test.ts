import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const PROGRAM = fileURLToPath(new URL('./closing-child.ts', import.meta.url))

test('a socket that is closed while OpenSSL reads does not take the process with it', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM])
  t.is(stdout, '20 closed\n')
})
