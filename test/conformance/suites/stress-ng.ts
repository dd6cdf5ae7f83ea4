// stress-ng's stressors of a file system, each alone, with --verify: each checks the results of the
// calls that it makes, many thousand times.
import { noProgram } from '../../reasons.ts'
import { Checks, hold, howItEnded, succeed } from '../tools/checks.ts'
import { runProgram } from '../tools/run-program.ts'
import type { Suite } from '../suite.ts'

/** Of the class `filesystem`, and of others that work on files, those whose object is a directory. */
const STRESSORS = `access aio chattr chdir chmod chown copy-file dentry dir dirdeep dirmany dnotify
  dup fallocate fcntl fiemap file-ioctl filename flock fpunch fsize fstat getdent handle hdd
  inode-flags inotify io iomix lease link locka lockf lockofd mknod msync open readahead rename revio
  seek sendfile sigio splice symlink sync-file touch utime verity xattr`.split(/\s+/)
const QUICK = ['chmod', 'dentry', 'flock', 'hdd', 'link', 'rename', 'seek', 'utime']

/** By default some work on a GiB, which is no better a test and takes longer. */
const SIZES = `--copy-file-bytes 128M --fallocate-bytes 32M --hdd-bytes 32M --iomix-bytes 16M
  --readahead-bytes 32M --revio-bytes 16M --seek-size 16M --sync-file-bytes 16M`.split(/\s+/)

const SECONDS = 2
const LIMIT_MS = 90_000
/** Exit codes of stress-ng(1). */
const NO_RESOURCES = 3
const NOT_IMPLEMENTED = 4
/** The time was up in the middle of a round, and it does not trust its own count. */
const UNTRUSTWORTHY = 7

export const STRESS_NG: Suite = {
  name: 'stress-ng --verify',
  missing: () => noProgram('stress-ng'),
  async version({ signal }) {
    const said = await succeed(['stress-ng', '--version'], { cwd: '/', signal })
    return /version (\S+)/.exec(said)?.[1] ?? said.trim()
  },
  async run({ directory }, { isQuick, seed, signal }) {
    const checks = new Checks(signal)
    for (const name of isQuick ? QUICK : STRESSORS) {
      const times = ['--timeout', String(isQuick ? 1 : SECONDS), '--seed', String(seed)]
      const command = ['stress-ng', `--${name}`, '1', '--verify', ...times, ...SIZES]
      const options = { cwd: directory, limitMs: LIMIT_MS, signal }
      const finished = await runProgram([...command, '--temp-path', directory], options)
      const reason = skipReason(finished.code, finished.output)
      if (reason !== undefined) checks.skip(1, `${name}: ${reason}`)
      else {
        await checks.check(name, async () => {
          hold(finished.code === 0 && !/ fail: /.test(finished.output), howItEnded(finished))
        })
      }
    }
    return checks.outcome()
  },
}

function skipReason(code: number | null, output: string): string | undefined {
  const said = /info: .*?\] \S+ (.*skipping.*)/.exec(output)?.[1]
  if (said !== undefined) return said
  if (code === UNTRUSTWORTHY) return 'no round was finished in time'
  return code === NO_RESOURCES || code === NOT_IMPLEMENTED ? 'not possible here' : undefined
}
