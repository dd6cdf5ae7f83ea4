// (c) Small wants over our links and over a bare socket with the same framing.
import { measureApart, SMALL } from '../network.ts'
import type { Row, Sample } from '../report.ts'
import type { Bench } from '../stage.ts'

const LOAD = { ...SMALL, requests: 50_000 }
const SECURED = ['plaintext', 'tls'] as const

export async function measureWants(bench: Bench): Promise<readonly Row[]> {
  const rates = { plaintext: [] as Sample[], tls: [] as Sample[] }
  const costs = { plaintext: [] as Sample[], tls: [] as Sample[] }
  for (let repeat = 0; repeat < bench.repeats; repeat++) {
    const raw = await measureApart('raw', LOAD, bench.signal)
    for (const security of SECURED) {
      const ours = await measureApart(security, LOAD, bench.signal)
      rates[security].push(sampleOf(ours.perSecond, raw.perSecond))
      costs[security].push(sampleOf(ours.cpuMicrosPerRequest, raw.cpuMicrosPerRequest))
    }
  }
  return SECURED.flatMap((security) => [
    {
      case: 'c',
      what: `wants, ${security}`,
      unit: '/s',
      ratioOf: 'of raw',
      samples: rates[security],
    },
    {
      case: 'c',
      what: `CPU of both ends, ${security}`,
      unit: 'us/want',
      ratioOf: 'of raw',
      // The aim names no security; the price of encryption is the cipher's.
      ...(security === 'plaintext' ? { aim: '<= 2.5' } : {}),
      samples: costs[security],
    },
  ])
}

function sampleOf(ours: number, against: number): Sample {
  return { ours, against, ratio: ours / against }
}
