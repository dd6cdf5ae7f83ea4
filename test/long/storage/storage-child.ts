// A process that plays the slow storage: mounts one directory in several places, one for each
// peer, counts what reaches it from all of them together, and errs and hangs as it is told.
import { PotluckError } from '../../../src/base/errors.ts'
import { type Mount, mountVolume } from '../../../fuse/mount.ts'
import type { StorageAnswer, StorageCounts, StorageQuestion, StorageRule } from './messages.ts'
import { PassThrough, type StorageCall } from './pass-through.ts'

const BLOCK_BYTES = 1 << 20

const calls: Record<StorageCall, number> = {
  lookup: 0,
  getattr: 0,
  readlink: 0,
  open: 0,
  read: 0,
  opendir: 0,
}
const blocks = new Map<string, number>()
const waiting = new Set<() => void>()
const mounts: Mount[] = []
let bytes = 0
let rules: readonly StorageRule[] = []

function gate(call: StorageCall, path: string, from: number): Promise<void> | undefined {
  calls[call] += 1
  const rule = rules.find((it) => it.call === call && it.path === path && from >= (it.from ?? 0))
  if (rule === undefined) return undefined
  if (rule.fault !== 'hang') throw new PotluckError(rule.fault, `${call} fails by rule`)
  return new Promise((resolve) => {
    const end = (): void => {
      waiting.delete(end)
      resolve()
    }
    waiting.add(end)
  })
}

function onBytes(path: string, from: number, count: number): void {
  bytes += count
  for (let at = from; at < from + count;) {
    const index = Math.floor(at / BLOCK_BYTES)
    const end = Math.min(from + count, (index + 1) * BLOCK_BYTES)
    const key = `${path}:${index}`
    blocks.set(key, (blocks.get(key) ?? 0) + end - at)
    at = end
  }
}

async function answer(question: StorageQuestion): Promise<StorageAnswer> {
  if (question.type === 'counts') return { type: 'counts', counts: snapshot() }
  if (question.type === 'rules') rules = question.rules
  if (question.type === 'release') for (const end of waiting) end()
  if (question.type === 'unmount') await unmountAll()
  if (question.type === 'mount') {
    for (const mountPoint of question.mountPoints) {
      const volume = new PassThrough(question.root, gate, onBytes)
      mounts.push(await mountVolume({ volume, mountPoint, log: () => undefined }))
    }
  }
  return { type: 'done' }
}

function snapshot(): StorageCounts {
  return { calls: { ...calls }, bytes, blocks: new Map(blocks), hanging: waiting.size }
}

async function unmountAll(): Promise<void> {
  for (const end of waiting) end()
  await Promise.all(mounts.splice(0).map((mount) => mount.unmount()))
}

function tell(message: StorageAnswer): void {
  process.send?.(message)
}

process.on('message', (question: StorageQuestion) => {
  answer(question).then(tell, (error: unknown) => tell({ type: 'failed', message: String(error) }))
})
process.once('disconnect', () => void unmountAll().then(() => process.exit(0)))
process.on('SIGINT', () => undefined)
