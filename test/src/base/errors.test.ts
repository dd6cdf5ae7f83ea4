import test from 'ava'
import { codeOf, PotluckError } from '../../../src/base/errors.ts'

test('the code of whatever was thrown', (t) => {
  const check = (thrown: unknown, code: string) => t.is(codeOf(thrown), code as never)
  check(new PotluckError('ENOENT', 'gone'), 'ENOENT')
  check(Object.assign(new Error('of node:fs'), { code: 'EACCES' }), 'EACCES')
  check(Object.assign(new Error('of somebody'), { code: 'ERR_SOMETHING' }), 'EIO')
  check(new Error('nothing said'), 'EIO')
  check('a string', 'EIO')
  check(null, 'EIO')
  check(undefined, 'EIO')
})

test('a code that is none of ours is a mistake of the programmer', (t) => {
  t.throws(() => new PotluckError('ENOSUCHCODE' as never, 'what?'), { code: 'ERR_ASSERTION' })
})

test('the cause is kept', (t) => {
  const cause = new Error('below')
  t.is(new PotluckError('EIO', 'above', { cause }).cause, cause)
})
