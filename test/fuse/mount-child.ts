// A process that mounts a small tree, for tests that kill it or run it as another user. It says
// 'mounted' or what went wrong, and unmounts when its input ends.
import { mountVolume } from '../../fuse/mount.ts'
import { MemoryVolume } from './memory-volume.ts'

const [mountPoint = '', options = '{}'] = process.argv.slice(2)
const log: string[] = []

try {
  const mount = await mountVolume({
    volume: new MemoryVolume({ hello: { file: 'hello from a child' } }),
    mountPoint,
    log: (_level, message) => void log.push(message),
    ...(JSON.parse(options) as object),
  })
  tell({ event: 'mounted', log })
  process.stdin
    .resume()
    .on('end', () => void mount.unmount().then(() => tell({ event: 'unmounted' })))
  void mount.closed.then((reason) => tell({ event: 'closed', reason }))
} catch (error) {
  tell({ event: 'failed', code: (error as { code?: string }).code, message: String(error), log })
}

function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}
