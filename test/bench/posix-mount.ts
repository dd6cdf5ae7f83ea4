// A process that mounts a file system in memory, so that a driver is measured and nothing behind it.
// Says "ready", and at each line of its input the CPU seconds that it has used; ends with its input.
import { createInterface } from 'node:readline'
import { mountVolume, type MountDriver } from '../../fuse/mount.ts'
import { PosixVolume } from '../posix/posix-volume.ts'

const [mountPoint = '', driver = 'kernel'] = process.argv.slice(2)
const mount = await mountVolume({
  volume: new PosixVolume(),
  mountPoint,
  driver: driver as MountDriver,
  log: (_level, message) => process.stderr.write(`${message}\n`),
})
process.stdout.write('ready\n')
const input = createInterface({ input: process.stdin })
input.on('line', () => {
  const { user, system } = process.cpuUsage()
  process.stdout.write(`${(user + system) / 1e6}\n`)
})
input.on('close', () => void mount.unmount().then(() => process.exit(0)))
