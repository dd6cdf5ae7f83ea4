import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openPinFile } from '../../../peers/state/pin-file.ts'

const quiet = () => undefined
const WISH = { volume: 'v', path: 'lib/\u00ff"\n', isPinned: true, wishedMs: 7 }

async function stateFor(t: ExecutionContext): Promise<string> {
  const state = await mkdtemp(path.join(os.tmpdir(), 'potluck-test-'))
  t.teardown(() => rm(state, { recursive: true }))
  return state
}

test('pins are there at the next start, as they were last', async (t) => {
  const state = path.join(await stateFor(t), 'new')
  const first = await openPinFile(state, quiet)
  t.deepEqual(first.wishes, [])
  first.keep([WISH])
  first.keep([WISH, { ...WISH, path: 'a' }])
  first.keep([{ ...WISH, isPinned: false }, WISH])
  await first.settled()
  const second = await openPinFile(state, quiet)
  t.deepEqual(second.wishes, [{ ...WISH, isPinned: false }, WISH])
  second.keep([])
  await second.settled()
  t.deepEqual((await openPinFile(state, quiet)).wishes, [])
})

test('what could not be written is said, and the next is tried all the same', async (t) => {
  const above = await stateFor(t)
  const state = path.join(above, 'state')
  await writeFile(state, 'a file, and no directory')
  const said: string[] = []
  const pins = await openPinFile(state, (_, message) => void said.push(message))
  said.length = 0
  pins.keep([WISH])
  await pins.settled()
  t.is(said.length, 1)
  t.regex(said[0] ?? '', /pins\.json can't be kept/)
  await rm(state)
  pins.keep([WISH])
  await pins.settled()
  t.deepEqual((await openPinFile(state, quiet)).wishes, [WISH])
})

test('a file that no peer would be believed is passed over, and said', async (t) => {
  const state = await stateFor(t)
  const file = path.join(state, 'pins.json')
  const bad = [
    'no JSON',
    '7',
    JSON.stringify([{ ...WISH, path: '../etc' }]),
    JSON.stringify([{ ...WISH, volume: 7 }]),
    JSON.stringify([{ path: 'a' }]),
    JSON.stringify(Array(1_025).fill(WISH)),
  ]
  const said: string[] = []
  const log = (_: string, message: string) => void said.push(message)
  for (const text of bad) {
    await writeFile(file, text)
    t.deepEqual((await openPinFile(state, log)).wishes, [], text.slice(0, 80))
  }
  await rm(file)
  await symlink('/etc/passwd', file)
  t.deepEqual((await openPinFile(state, log)).wishes, [])
  t.is(said.length, bad.length + 1)
  t.true(said.every((message) => message.includes('pins.json is passed over')))
})
