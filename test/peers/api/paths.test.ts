import test from 'ava'
import fc from 'fast-check'
import { bytesOf, checkPath, resolveTarget, textOf } from '../../../peers/api/paths.ts'
import { escapeBytes, unescapeBytes } from '../../../peers/api/request.ts'

const PLACES = {
  cwd: '/mnt/data/lib',
  volumes: ['data', 'models'],
  mounts: [
    { volume: 'data', mountPoint: '/mnt/data' },
    { volume: 'models', mountPoint: '/mnt/data/models' },
  ],
}

const RESOLVED: readonly (readonly [string, string, string])[] = [
  ['data:', 'data', ''],
  ['data:lib/os.py', 'data', 'lib/os.py'],
  ['data:/lib//os.py/', 'data', 'lib/os.py'],
  ['models:x:y', 'models', 'x:y'],
  ['/mnt/data', 'data', ''],
  ['/mnt/data/lib/os.py', 'data', 'lib/os.py'],
  ['/mnt/data/models/a', 'models', 'a'],
  ['/mnt/data/lib/../bin', 'data', 'bin'],
  ['os.py', 'data', 'lib/os.py'],
  ['.', 'data', 'lib'],
  ['data:é', 'data', '\u00c3\u00a9'],
]

for (const [given, volume, path] of RESOLVED) {
  test(`${given} is ${JSON.stringify(path)} of ${volume}`, (t) => {
    t.deepEqual(resolveTarget(given, PLACES), { volume, path })
  })
}

for (const given of ['/mnt/database', '/etc/passwd', '../../x', '../../other:x', 'data:../x']) {
  test(`${given} is refused, with what would be understood`, (t) => {
    const error = t.throws(() => resolveTarget(given, PLACES), { code: 'EINVAL' })
    t.true(error.message.includes(given.replace('data:', '')))
  })
}

test('texts survive being byte strings, and byte strings survive an address', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      t.is(textOf(unescapeBytes(escapeBytes(bytesOf(text)))), text)
    }),
  )
})

test('a checked path never has a dot, a dot-dot or an empty name', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('.', '/', 'a') }), (given) => {
      const names = given.split('/')
      if (names.includes('..')) return void t.throws(() => checkPath(given))
      const checked = checkPath(given)
      t.true(checked === '' || checked.split('/').every((name) => name !== '' && name !== '.'))
    }),
  )
})
