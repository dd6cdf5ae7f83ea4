// fio --verify: random writes with a checksum in each block, all read back and checked. Once with
// each way of writing that the kernel treats differently.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { noProgram } from '../../reasons.ts'
import { Checks, hold, succeed } from '../tools/checks.ts'
import type { Suite } from '../suite.ts'

const WAYS: Readonly<Record<string, readonly string[]>> = {
  'write and read': ['--ioengine=psync'],
  mmap: ['--ioengine=mmap'],
  O_DIRECT: ['--ioengine=psync', '--direct=1'],
  O_SYNC: ['--ioengine=psync', '--sync=1'],
  'asynchronous, 16 deep': ['--ioengine=libaio', '--direct=1', '--iodepth=16'],
  '3 KiB to 1 MiB, not aligned': ['--ioengine=psync', '--bsrange=3k-1m', '--bs_unaligned'],
  '4 jobs': ['--ioengine=psync', '--numjobs=4', '--fsync_on_close=1'],
}
const LIMIT_MS = 300_000

type Job = { readonly error: number; readonly jobname: string; read: Counted; write: Counted }
type Counted = { readonly total_ios: number }

export const FIO: Suite = {
  name: 'fio --verify',
  missing: () => noProgram('fio'),
  version: async ({ signal }) => (await succeed(['fio', '--version'], { cwd: '/', signal })).trim(),
  async run({ directory, scratch }, { isQuick, seed, signal }) {
    const checks = new Checks(signal)
    const size = isQuick ? '4m' : '64m'
    const fixed = ['--rw=randwrite', `--size=${size}`, '--verify=crc32c', '--do_verify=1']
    for (const [index, [what, options]] of Object.entries(WAYS).entries()) {
      await checks.check(what, async () => {
        const report = path.join(scratch, `fio-${index}.json`)
        const outputs = ['--output-format=json', `--output=${report}`, `--randseed=${seed}`]
        const block = options.some((each) => each.startsWith('--bsrange')) ? [] : ['--bs=4k']
        const command = ['fio', `--name=verify-${index}`, `--directory=${directory}`, ...fixed]
        await succeed([...command, ...block, ...options, ...outputs], {
          cwd: scratch,
          limitMs: LIMIT_MS,
          signal,
        })
        await judge(report)
      })
    }
    return checks.outcome()
  },
}

/** That all blocks that were written were read back, too. */
async function judge(report: string): Promise<void> {
  const text = await readFile(report, 'utf8')
  const { jobs } = JSON.parse(text.slice(text.indexOf('{'))) as { jobs: readonly Job[] }
  for (const { error, jobname, read, write } of jobs) {
    hold(error === 0, `${jobname}: error ${error}`)
    hold(write.total_ios > 0 && read.total_ios > 0, `${jobname}: nothing was written or read back`)
  }
}
