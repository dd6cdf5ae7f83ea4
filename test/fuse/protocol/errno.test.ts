import { constants } from 'node:os'
import test from 'ava'
import { ERRNO, errnoOf } from '../../../fuse/protocol/errno.ts'
import { ERRNO_CODES, MESH_CODES, PotluckError } from '../../../src/base/errors.ts'

test('Every errno is the number this system has', (t) => {
  const system: Record<string, number> = constants.errno
  for (const [name, number] of Object.entries<number>(ERRNO)) t.is(number, system[name] ?? -1, name)
})

test('Every error of ours becomes an errno', (t) => {
  for (const code of ERRNO_CODES) t.is(errnoOf(new PotluckError(code, 'no')), ERRNO[code])
  for (const code of MESH_CODES) t.true(errnoOf(new PotluckError(code, 'no')) > 0)
})

test('What the mesh could not do is an I/O error, what was given up is EINTR', (t) => {
  t.is(errnoOf(new PotluckError('UNREACHABLE', 'no')), ERRNO.EIO)
  t.is(errnoOf(new PotluckError('NO_SOURCE', 'no')), ERRNO.EIO)
  t.is(errnoOf(new PotluckError('CORRUPT', 'no')), ERRNO.EIO)
  t.is(errnoOf(new PotluckError('ABORTED', 'no')), ERRNO.EINTR)
  t.is(errnoOf(new TypeError('a mistake')), ERRNO.EIO)
  t.is(errnoOf(undefined), ERRNO.EIO)
})
