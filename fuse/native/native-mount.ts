// placeholder, replaced below
import { PotluckError } from '../../src/base/errors.ts'
import type { Mount, MountInit } from '../driver.ts'

export async function mountNative(init: MountInit): Promise<Mount> {
  throw new PotluckError('ENOSYS', `${init.mountPoint}: the fuse-native driver is not built yet`)
}
