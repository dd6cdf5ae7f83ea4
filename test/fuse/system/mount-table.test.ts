import test from 'ava'
import { parseMountInfo } from '../../../fuse/system/mount-table.ts'

test('Mount points, devices, types and sources are read, with what is escaped in them', (t) => {
  const text =
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n' +
    '40 22 0:39 / /mnt/with\\040space\\134 ro,nosuid - fuse.potluck potluck:a\\040b ro,user_id=0\n'
  t.deepEqual(parseMountInfo(text), [
    { mountPoint: '/', minor: 0, type: 'ext4', source: '/dev/vda' },
    { mountPoint: '/mnt/with space\\', minor: 39, type: 'fuse.potluck', source: 'potluck:a b' },
  ])
})

test('A name in UTF-8 stays what it is', (t) => {
  const [mounted] = parseMountInfo('40 22 0:39 / /mnt/caf\u00e9\\040x ro - tmpfs none rw\n')
  t.is(mounted?.mountPoint, '/mnt/caf\u00e9 x')
})

test('Lines that make no sense are left out', (t) => {
  t.deepEqual(parseMountInfo('\nnonsense\n1 2 3 - \n'), [])
})
