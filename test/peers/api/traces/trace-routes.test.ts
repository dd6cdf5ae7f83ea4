import test from 'ava'
import { ApiClient } from '../../../../peers/api/api-client.ts'
import { decodeTrace, encodeTrace } from '../../../../src/heat/trace-format.ts'
import { files, traceOf } from '../../../src/heat/traces-made.ts'
import { serveFakeNode } from '../fake-node.ts'

const TRACE = traceOf('start', files('lib', 20))

test('a trace that is imported is listed, comes out as it was, and can be deleted', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const summary = await client.importTrace('data', encodeTrace(TRACE))
  t.like(summary, { volume: 'data', name: 'start', command: 'python3', entries: 20, files: 20 })
  t.is(summary.bytes, 20 * 4096)
  t.deepEqual(await client.traces(), [summary])
  t.deepEqual(decodeTrace(await client.trace('data', 'start')), TRACE)
  await client.traceWork('delete', { volume: 'data', name: 'start' })
  t.deepEqual(await client.traces(), [])
  await t.throwsAsync(client.trace('data', 'start'), { code: 'ENOENT' } as never)
  client.close()
})

test('what is no trace, is too large, or is of no volume is refused', async (t) => {
  await using served = await serveFakeNode()
  const client = new ApiClient(served.socket)
  const refused = (bytes: Uint8Array, code: string, volume = 'data') =>
    t.throwsAsync(client.importTrace(volume, bytes), { code } as never)
  await refused(Buffer.from('no trace'), 'MALFORMED')
  await refused(new Uint8Array(3 * 1024 * 1024), 'TOO_LARGE')
  await refused(encodeTrace(TRACE), 'UNKNOWN_VOLUME', 'other')
  t.deepEqual(await client.traces(), [])
  client.close()
})

test('a recording has a name that can be one, a process, and an end', async (t) => {
  await using served = await serveFakeNode()
  let forgotten = 0
  served.node.forgetting = async () => void forgotten++
  const client = new ApiClient(served.socket)
  const record = (name: string, pid: number) =>
    client.traceWork('record', { volume: 'data', name, pid, command: 'python3' })
  await t.throwsAsync(record('../x', 1), { code: 'EINVAL' } as never)
  await t.throwsAsync(record('a', -1), { code: 'EINVAL' } as never)
  await record('a', 4_000_000)
  t.is(forgotten, 1, 'what is kept in the kernel would not be recorded')
  await t.throwsAsync(record('a', 4_000_000), { code: 'BUSY' } as never)
  const end = client.traceWork('end', { volume: 'data', name: 'a' })
  await t.throwsAsync(end, { code: 'ENODATA' } as never)
  const again = client.traceWork('end', { volume: 'data', name: 'a' })
  await t.throwsAsync(again, { code: 'ENOENT' } as never)
  client.close()
})
