import type { Change } from '../../ports/writable-source.ts'
import * as fields from '../fields.ts'
import type { ByteReader } from '../reader.ts'
import type { ByteWriter } from '../writer.ts'
import type { Codecs } from './codec.ts'
import { FILE_CHANGES } from './file-changes.ts'
import { INODE_CHANGES } from './inode-changes.ts'
import { NAME_CHANGES } from './name-changes.ts'

// The order is the encoding: append only, with a new WIRE_VERSION.
const TYPES: readonly Change['type'][] = [
  'create',
  'mknod',
  'mkdir',
  'symlink',
  'link',
  'unlink',
  'rmdir',
  'rename',
  'setattr',
  'setxattr',
  'removexattr',
  'open',
  'tmpfile',
  'sync-directory',
  'read',
  'write',
  'allocate',
  'copy',
  'seek',
  'sync',
  'close',
]

const CODECS: Codecs<Change> = { ...NAME_CHANGES, ...INODE_CHANGES, ...FILE_CHANGES }

/** @throws PotluckError TOO_LARGE, MALFORMED */
export function writeChange(writer: ByteWriter, change: Change): void {
  fields.writeChoice(writer, TYPES, change.type)
  const { write } = CODECS[change.type] as { write: (to: ByteWriter, change: Change) => void }
  write(writer, change)
}

/** @throws PotluckError TOO_LARGE, MALFORMED */
export function readChange(reader: ByteReader): Change {
  const type = fields.readChoice(reader, TYPES, 'change')
  return { type, ...CODECS[type].read(reader) } as Change
}
