// SQLite with several writers, on two mounts at once: byte-range locks across nodes, and pages that
// must be the newest as soon as the lock is had. With a write-ahead log on one mount alone, whose
// shared memory SQLite maps: across hosts SQLite itself rules that out.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { noProgram } from '../../reasons.ts'
import { Checks, succeed } from '../tools/checks.ts'
import type { Place, Settings, Suite } from '../suite.ts'

const WRITERS = fileURLToPath(new URL('../programs/sqlite-writers.py', import.meta.url))
const LIMIT_MS = 300_000

export const SQLITE: Suite = {
  name: 'sqlite3, concurrent writers',
  missing: () => noProgram('python3'),
  async version({ signal }) {
    const command = ['python3', '-c', 'import sqlite3; print(sqlite3.sqlite_version)']
    return (await succeed(command, { cwd: '/', signal })).trim()
  },
  async run(place, settings) {
    const checks = new Checks(settings.signal)
    const write = writersAt(place, settings)
    const both = [place.directory, place.twin]
    for (const mode of ['delete', 'truncate', 'persist']) {
      await checks.check(`journal ${mode}, two writers on each of two mounts`, () =>
        write(mode, [...both, ...both]),
      )
    }
    await checks.check('journal wal, three writers on one mount', () =>
      write('wal', [place.directory, place.directory, place.directory]),
    )
    return checks.outcome()
  },
}

/** Each writer adds rows and counts; then each mount has to have them all. */
function writersAt({ scratch }: Place, { isQuick, signal }: Settings) {
  return async (mode: string, mounts: readonly string[]): Promise<void> => {
    const databases = mounts.map((mount) => path.join(mount, `${mode}.db`))
    const command = ['python3', WRITERS, mode, isQuick ? '10' : '60', ...databases]
    await succeed(command, { cwd: scratch, limitMs: LIMIT_MS, signal })
  }
}
