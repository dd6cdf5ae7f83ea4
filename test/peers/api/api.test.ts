import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { ApiClient } from '../../../peers/api/api-client.ts'
import { serveFakeNode } from './fake-node.ts'

async function textOfFile(client: ApiClient, path: string): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of client.file('data', path)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('status carries what the node and the process know', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const status = await client.status()
  t.is(status.node.peer, 'peer-a')
  t.is(status.pid, 42)
  t.deepEqual(status.sources, { data: { reads: 2, bytes: 8192, lists: 1 } })
  client.close()
})

test('what a peer did lately has a sample of its start and one of now', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const [first, last, ...others] = await client.history()
  t.is(first?.bytes.peer, last?.bytes.peer)
  t.like(last, { peers: 2, pinnedBytes: 4096 })
  t.true((last?.atMs ?? 0) >= (first?.atMs ?? Infinity))
  t.deepEqual(others, [])
  client.close()
})

test('a file comes over in whole, and every reference and handle is given back', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  t.is(await textOfFile(client, 'hello.txt'), 'hello world')
  t.is(await textOfFile(client, 'empty'), '')
  t.is((await textOfFile(client, 'large')).length, 10_000)
  t.is(await textOfFile(client, 'lib/deep/c.py'), 'ccc')
  t.is(await textOfFile(client, '\u00c3\u00a9'), 'a name of two bytes, é in UTF-8')
  t.is(served.node.fake.references.size, 0)
  t.is(served.node.fake.openHandles, 0)
  client.close()
})

test('a directory is listed without dot and dot-dot', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const names: string[] = []
  for await (const entry of client.list('data', 'lib')) names.push(entry.name)
  t.deepEqual(names, ['a.py', 'b.py', 'deep'])
  t.is(served.node.fake.openHandles, 0)
  client.close()
})

test('attributes of a symbolic link carry its target', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const { attributes, target } = await client.attributes('data', 'link')
  t.is(attributes.type, 'symlink')
  t.is(target, 'hello.txt')
  client.close()
})

const FAILURES: readonly (readonly [string, string, string])[] = [
  ['data', 'missing', 'ENOENT'],
  ['data', 'hello.txt/below', 'ENOTDIR'],
  ['data', 'lib', 'EISDIR'],
  ['data', 'link', 'EINVAL'],
  ['data', '../etc/passwd', 'EINVAL'],
  ['data', 'lib/../../x', 'EINVAL'],
  ['data', 'n'.repeat(256), 'ENAMETOOLONG'],
  ['data', 'n/'.repeat(3000), 'ENAMETOOLONG'],
  ['data', 'a\u0000b', 'EINVAL'],
  ['data', 'broken', 'EIO'],
  ['other', 'hello.txt', 'UNKNOWN_VOLUME'],
]

for (const [volume, path, code] of FAILURES) {
  const shown = JSON.stringify(path.slice(0, 20))
  test(`reading ${volume}:${shown} fails with ${code} and leaks nothing`, async (t) => {
    await using served = await serveFakeNode()
    const client = new ApiClient(served.socket)
    const read = async () => {
      for await (const chunk of client.file(volume, path)) t.fail(`got ${chunk.length} bytes`)
    }
    await t.throwsAsync(read, { code })
    t.is(served.node.fake.references.size, 0)
    t.is(served.node.fake.openHandles, 0)
    client.close()
  })
}

test('warm tells progress and then the end', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const seen: number[] = []
  const total = await client.warm('data', ['lib'], {
    everyNode: true,
    onProgress: ({ bytesDone }) => seen.push(bytesDone),
  })
  t.is(total.bytesDone, 20)
  t.deepEqual(seen, [10])
  t.deepEqual(served.node.calls, [['warm', ['lib'], true]])
  client.close()
})

test('a warming whose client goes away is aborted', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const aborted = Promise.withResolvers<void>()
  served.node.warming = async (signal) => {
    signal?.addEventListener('abort', () => aborted.resolve())
    await aborted.promise
  }
  const stop = new AbortController()
  const options = { signal: stop.signal, onProgress: () => stop.abort() }
  await t.throwsAsync(client.warm('data', [''], options))
  await aborted.promise
  client.close()
})

test('a warming that fails says so behind its progress', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  served.node.warming = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }))
  await t.throwsAsync(client.warm('data', ['x']), { code: 'ENOENT', message: 'gone' })
  client.close()
})

test('an invalidation is answered when the kernel here has taken it, or seems never to', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const forgotten = Promise.withResolvers<void>()
  const isForgetting = Promise.withResolvers<void>()
  served.node.forgetting = () => {
    t.is(served.node.calls.length, 1, 'it was told before')
    isForgetting.resolve()
    return forgotten.promise
  }
  let isAnswered = false
  const answered = client.invalidate('data', 'lib').then(() => (isAnswered = true))
  await isForgetting.promise
  await sleep(30)
  t.false(isAnswered)
  forgotten.resolve()
  await answered
  served.node.forgetting = () => new Promise(() => undefined)
  await t.notThrowsAsync(client.invalidate('data', 'lib'))
  client.close()
})

test('ready waits for the peers asked for', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  t.like(await client.ready(4, 0), { isReady: false, peers: 3 })
  const later = client.ready(4, 10_000)
  await sleep(30)
  served.node.peers = 3
  t.like(await later, { isReady: true, peers: 4 })
  client.close()
})

test('ready names the volumes whose root is not served', async (t) => {
  await using served = await serveFakeNode()
  served.node.isServing = false
  const client = new ApiClient(served.socket)
  t.deepEqual(await client.ready(1, 0), { isReady: false, peers: 3, waitingFor: ['data'] })
  client.close()
})

type Answer = { readonly status: number; readonly text: string }

function send(socketPath: string, line: string, body = ''): Promise<Answer> {
  const [method = 'GET', path = '/'] = line.split(' ')
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

const BAD: readonly (readonly [string, string, number])[] = [
  ['GET /nothing', '', 404],
  ['POST /status', '', 405],
  ['GET /file', '', 400],
  ['GET /file?volume=data&path=%zz', '', 400],
  ['GET /file?volume=data&path=hello.txt&from=-1', '', 400],
  ['GET /ready?peers=many', '', 400],
  ['GET /ready?peers=1&wait=99999999', '', 400],
  ['POST /warm', '', 400],
  ['POST /warm', 'null', 400],
  ['POST /warm', '{"volume":"data","paths":[]}', 400],
  ['POST /warm', '{"volume":"data","paths":[".."]}', 400],
  ['POST /warm', '{"volume":"data","paths":[1]}', 400],
  ['POST /warm', '{"volume":"other","paths":[""]}', 404],
  ['POST /warm', `{"volume":"data","paths":["${'x'.repeat(1024 * 1024)}"]}`, 413],
  ['POST /invalidate', '{"path":"x"}', 400],
  ['POST /invalidate', '{"volume":"data","path":"x","recursive":"yes"}', 400],
]

for (const [line, body, status] of BAD) {
  test(`${line} with ${body.slice(0, 60) || 'no body'} is answered with ${status}`, async (t) => {
    await using served = await serveFakeNode()
    const answer = await send(served.socket, line, body)
    t.is(answer.status, status)
    const { error } = JSON.parse(answer.text) as { error: { code: string; message: string } }
    t.true(error.message.length > 0)
    t.deepEqual(served.node.calls, [])
  })
}

test('part of a file is read by from and length', async (t) => {
  await using served = await serveFakeNode()
  const answer = await send(served.socket, 'GET /file?volume=data&path=hello.txt&from=6&length=3')
  t.is(answer.text, 'wor')
})
