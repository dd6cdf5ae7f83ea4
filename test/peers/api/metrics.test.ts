import test from 'ava'
import { serveMetrics } from '../../../peers/api/metrics/metrics-server.ts'
import { metricsText } from '../../../peers/api/metrics/metrics-text.ts'
import { Timings } from '../../../peers/api/metrics/timings.ts'
import { FACTS, fakeNode } from './fake-node.ts'

const SAMPLE =
  /^([a-z_][a-z0-9_]*)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (-?[0-9.e+-]+|Nan|\+Inf)$/

async function scrape(): Promise<string> {
  const wants = new Timings()
  wants.add(0.002)
  wants.add(100)
  const sources = new Map([['data', new Map([['read', new Timings()]])]])
  const node = fakeNode()
  return metricsText({ status: () => ({ ...FACTS, node: node.status() }), wants, sources })()
}

test('every line of the metrics is Prometheus text, every sample is typed once', async (t) => {
  const typed = new Set<string>()
  for (const line of (await scrape()).trimEnd().split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) {
      t.false(typed.has(type[1] ?? ''), `typed twice: ${line}`)
      typed.add(type[1] ?? '')
    } else if (!line.startsWith('# HELP ') && line !== '') {
      const name = SAMPLE.exec(line)?.[1]
      t.truthy(name, line)
      const isTyped =
        typed.has(name ?? '') || typed.has((name ?? '').replace(/_(bucket|sum|count)$/, ''))
      t.true(isTyped, `no type: ${line}`)
    }
  }
})

test('the numbers are those of the status', async (t) => {
  const text = await scrape()
  for (const line of [
    'potluck_blocks_total{volume="data",tier="peer"} 3',
    'potluck_source_reads_total{volume="data"} 2',
    'potluck_peers 2',
    'potluck_shard_bytes 1048576',
    'potluck_fetch_hedges_total 1',
    'potluck_net_links 2',
    'potluck_pinned_bytes 4096',
    'potluck_fuse_read_total{volume="data"} 9',
    'potluck_fetch_seconds_bucket{le="0.01"} 0',
    'potluck_fetch_seconds_bucket{le="0.025"} 1',
    'potluck_fetch_seconds_sum 0.02',
    'potluck_want_seconds_bucket{le="0.0025"} 1',
    'potluck_want_seconds_bucket{le="+Inf"} 2',
    'potluck_want_seconds_count 2',
    'potluck_source_seconds_count{volume="data",call="read"} 0',
  ]) {
    t.true(text.split('\n').includes(line), line)
  }
})

test('metrics are served at their path alone, and an address in use is refused', async (t) => {
  const init = { host: '127.0.0.1', port: 0, text: scrape, log: () => undefined }
  const server = await serveMetrics(init)
  try {
    const response = await fetch(server.url)
    t.is(response.status, 200)
    t.regex(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    t.true((await response.text()).includes('potluck_peers 2'))
    t.is((await fetch(server.url.replace('/metrics', '/'))).status, 404)
    const port = Number(new URL(server.url).port)
    const error = await t.throwsAsync(serveMetrics({ ...init, port }), { code: 'EBUSY' })
    t.regex(error.message, /--metrics: can't listen on 127\.0\.0\.1/)
  } finally {
    await server.stop()
  }
})
