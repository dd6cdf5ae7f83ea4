import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadIdentity } from '../../../peers/net/identity.ts'
import { loadMeshKey } from '../../../peers/net/mesh-key.ts'
import { isSameMac, prove } from '../../../peers/net/link/proof.ts'

async function aDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'potluck-key-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

test('a mesh key is made on first use, for its owner alone, and then stays', async (t) => {
  const file = join(await aDirectory(t), 'sub', 'mesh.key')
  const keys = await Promise.all([loadMeshKey(file), loadMeshKey(file), loadMeshKey(file)])
  const again = await loadMeshKey(file)
  t.is(again.length, 32)
  for (const key of keys) t.deepEqual(key, again)
  t.is((await stat(file)).mode & 0o777, 0o600)
})

test('a mesh key may be hex, base64, or bare bytes', async (t) => {
  const directory = await aDirectory(t)
  const key = Buffer.alloc(32, 0xfe)
  const texts = [`${key.toString('hex')}\n`, key.toString('base64'), key.toString('base64url'), key]
  for (const text of texts) {
    const file = join(directory, 'key')
    await writeFile(file, text, { mode: 0o600 })
    t.deepEqual(Buffer.from(await loadMeshKey(file)), key)
  }
})

test('a mesh key that others may read, or that is none, is refused with what to do', async (t) => {
  const file = join(await aDirectory(t), 'key')
  await loadMeshKey(file)
  await chmod(file, 0o640)
  await t.throwsAsync(loadMeshKey(file), { code: 'EACCES', message: /chmod 600/ })
  await chmod(file, 0o600)
  for (const text of ['', 'short', 'z'.repeat(64), 'a'.repeat(5_000)]) {
    await writeFile(file, text)
    await t.throwsAsync(loadMeshKey(file), { code: 'EINVAL', message: /holds no key/ })
  }
})

test('an identity is kept in its file', async (t) => {
  const file = join(await aDirectory(t), 'identity')
  const made = await loadIdentity(file)
  t.true((await loadIdentity(file)).equals(made))
  await writeFile(file, 'nonsense')
  await t.throwsAsync(loadIdentity(file), { code: 'EINVAL' })
})

test('a proof holds for its role, its peers, its nonces, its mesh and its key alone', (t) => {
  const key = new Uint8Array(32)
  const parties = { mesh: 'm', dialler: 'a', listener: 'b' }
  const nonces = { dialler: new Uint8Array(32), listener: new Uint8Array(32) }
  const proof = prove(key, 'dialler', { parties, nonces })
  t.true(isSameMac(proof, prove(key, 'dialler', { parties, nonces })))
  const others = [
    prove(key, 'listener', { parties, nonces }),
    prove(key, 'dialler', { parties: { ...parties, mesh: 'n' }, nonces }),
    prove(key, 'dialler', { parties: { ...parties, listener: 'c' }, nonces }),
    prove(key, 'dialler', { parties: { mesh: 'm', dialler: 'ab', listener: '' }, nonces }),
    prove(key, 'dialler', { parties, nonces: { ...nonces, listener: new Uint8Array(32).fill(1) } }),
    prove(new Uint8Array(32).fill(1), 'dialler', { parties, nonces }),
  ]
  for (const other of others) t.false(isSameMac(proof, other))
})
