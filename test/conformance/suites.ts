// All suites, in the order of the table.
import type { Suite } from './suite.ts'
import { BUILD } from './suites/build.ts'
import { COPY, RSYNC } from './suites/copy.ts'
import { FIO } from './suites/fio.ts'
import { GIT } from './suites/git.ts'
import { DBENCH, FS_MARK } from './suites/load.ts'
import { LOCKS } from './suites/locks.ts'
import { NPM } from './suites/npm.ts'
import { PJDFSTEST } from './suites/pjdfstest.ts'
import { SQLITE } from './suites/sqlite.ts'
import { STRESS_NG } from './suites/stress-ng.ts'
import { FSSTRESS, FSX } from './suites/xfstests.ts'

export const SUITES: readonly Suite[] = [
  PJDFSTEST,
  FSX,
  FSSTRESS,
  STRESS_NG,
  FIO,
  DBENCH,
  FS_MARK,
  BUILD,
  GIT,
  NPM,
  LOCKS,
  SQLITE,
  COPY,
  RSYNC,
]
