import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'
import { realPrograms } from '../../../peers/ports/real-programs.ts'

test('a process is found with its parent, its name and its age', async (t) => {
  const child = spawn('sleep', ['30'])
  await once(child, 'spawn')
  const found = realPrograms.of(child.pid ?? 0)
  t.is(found?.process, child.pid)
  t.is(found?.parent, process.pid)
  t.true((found?.ageMs ?? Infinity) < 20_000)
  child.kill()
  await once(child, 'exit')
  t.is(realPrograms.of(child.pid ?? 0), undefined)
})

test('this process is older than its child, and a name with odd characters is read whole', (t) => {
  const own = realPrograms.of(process.pid)
  t.is(own?.process, process.pid)
  t.true((own?.ageMs ?? 0) > 0)
  const before = process.title
  process.title = 'a) S (b'
  t.is(realPrograms.of(process.pid)?.command, 'a) S (b')
  t.is(realPrograms.of(process.pid)?.parent, own?.parent)
  process.title = before
})
