import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { listenOnSocket } from '../../../peers/api/unix-socket.ts'

async function temporary(): Promise<AsyncDisposable & { readonly at: (name: string) => string }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'potluck-test-'))
  return {
    at: (name) => path.join(directory, name),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

const LEAVE_A_SOCKET = `
  const server = require('node:net').createServer()
  server.listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))
`

test('the socket is for its user alone, and its directory is made', async (t) => {
  await using place = await temporary()
  const server = http.createServer()
  await listenOnSocket(server, place.at('new/api.sock'))
  t.is((await stat(place.at('new/api.sock'))).mode & 0o777, 0o600)
  t.is((await stat(place.at('new'))).mode & 0o777, 0o700)
  server.close()
})

test('a socket that a dead process left is recovered', async (t) => {
  await using place = await temporary()
  const socket = place.at('api.sock')
  spawnSync(process.execPath, ['-e', LEAVE_A_SOCKET, socket])
  t.true((await stat(socket)).isSocket())
  const server = http.createServer()
  await listenOnSocket(server, socket)
  t.true(server.listening)
  server.close()
})

test('a socket that a living process serves is refused, and goes on being served', async (t) => {
  await using place = await temporary()
  const first = http.createServer()
  await listenOnSocket(first, place.at('api.sock'))
  const second = http.createServer()
  const error = await t.throwsAsync(listenOnSocket(second, place.at('api.sock')), { code: 'EBUSY' })
  t.regex(error.message, /another peer serves on .*api\.sock/)
  t.true((await stat(place.at('api.sock'))).isSocket())
  first.close()
})

test('a file that is not a socket is left alone', async (t) => {
  await using place = await temporary()
  await writeFile(place.at('api.sock'), 'precious')
  const server = http.createServer()
  await t.throwsAsync(listenOnSocket(server, place.at('api.sock')), { code: 'EEXIST' })
  t.is((await stat(place.at('api.sock'))).size, 8)
})

test('a directory that everyone may write to is refused', async (t) => {
  await using place = await temporary()
  await chmod(place.at('.'), 0o777)
  const server = http.createServer()
  await t.throwsAsync(listenOnSocket(server, place.at('api.sock')), { code: 'EACCES' })
})
