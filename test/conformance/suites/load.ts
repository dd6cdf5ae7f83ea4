// dbench (a file server's recorded calls, each with the result it had) and fs_mark (many small files,
// written and synced by several threads): loads that end with an error where a call does.
import { noFile, noProgram } from '../../reasons.ts'
import { Checks, hold, succeed } from '../tools/checks.ts'
import type { Suite } from '../suite.ts'

const LOAD_FILE = '/usr/share/dbench/client.txt'
const LIMIT_MS = 300_000

export const DBENCH: Suite = {
  name: 'dbench',
  missing: () => noProgram('dbench') ?? noFile(LOAD_FILE),
  async version({ signal }) {
    const said = await succeed(['dbench', '--help'], { cwd: '/', signal }).catch(String)
    return /version (\S+)/.exec(said)?.[1] ?? 'unknown'
  },
  async run({ directory }, { isQuick, signal }) {
    const checks = new Checks(signal)
    const seconds = isQuick ? '2' : '15'
    const clients = isQuick ? '1' : '4'
    await checks.check(`${clients} clients, ${seconds} s`, async () => {
      const command = ['dbench', '-c', LOAD_FILE, '-D', directory, '-t', seconds, clients]
      const output = await succeed(command, { cwd: directory, limitMs: LIMIT_MS, signal })
      const bad = /^.*(?:failed|ERROR|expected).*$/m.exec(output)?.[0]
      hold(bad === undefined, bad ?? '')
      hold(/^Throughput (?!0\.0* )/m.test(output), `no throughput: ${output.slice(-200)}`)
    })
    return checks.outcome()
  },
}

/** By fs_mark's option -S. */
const SYNCS: Readonly<Record<string, string>> = {
  'no sync': '0',
  'fsync before close': '1',
  'fsync of all, in reverse': '3',
}

export const FS_MARK: Suite = {
  name: 'fs_mark',
  missing: () => noProgram('fs_mark'),
  async version({ signal }) {
    const command = ['dpkg-query', '-W', '-f', '${Version}', 'fsmark']
    return await succeed(command, { cwd: '/', signal }).catch(() => 'unknown')
  },
  async run({ directory, scratch }, { isQuick, signal }) {
    const checks = new Checks(signal)
    const files = isQuick ? '50' : '500'
    for (const [what, sync] of Object.entries(SYNCS)) {
      await checks.check(`2 threads of ${files} files of 16 KiB, ${what}`, async () => {
        const sizes = ['-n', files, '-s', '16384', '-t', '2', '-D', '8', '-S', sync]
        const command = ['fs_mark', '-d', '.', ...sizes, '-l', `${scratch}/fs_mark.log`]
        // It takes no path of more than 39 bytes.
        const output = await succeed(command, { cwd: directory, limitMs: LIMIT_MS, signal })
        hold(new RegExp(`^ +\\d+ +${2 * Number(files)} +16384 `, 'm').test(output), output)
      })
    }
    return checks.outcome()
  },
}
