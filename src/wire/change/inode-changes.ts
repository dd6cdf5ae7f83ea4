import type { XattrMode } from '../../ports/changes.ts'
import type { InodeChange } from '../../ports/writable-source.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import type { Codecs } from './codec.ts'
import * as parts from './parts.ts'

const XATTRS: readonly XattrMode[] = ['set', 'create', 'replace']

export const INODE_CHANGES: Codecs<InodeChange> = {
  setattr: {
    write(writer, { on, changes }) {
      parts.writeTarget(writer, on)
      parts.writeAttributeChanges(writer, changes)
    },
    read(reader) {
      return { on: parts.readTarget(reader), changes: parts.readAttributeChanges(reader) }
    },
  },
  setxattr: {
    write(writer, { on, name, value, mode }) {
      parts.writeTarget(writer, on)
      writer.byteString(name, limits.MAX_NAME_BYTES)
      parts.writeBytes(writer, value, limits.MAX_XATTR_BYTES)
      fields.writeChoice(writer, XATTRS, mode)
    },
    read(reader) {
      const [on, name] = [parts.readTarget(reader), fields.readXattrName(reader)]
      const value = parts.readBytes(reader, limits.MAX_XATTR_BYTES)
      return { on, name, value, mode: fields.readChoice(reader, XATTRS, 'way to set') }
    },
  },
  removexattr: {
    write(writer, { on, name }) {
      parts.writeTarget(writer, on)
      writer.byteString(name, limits.MAX_NAME_BYTES)
    },
    read: (reader) => ({ on: parts.readTarget(reader), name: fields.readXattrName(reader) }),
  },
  open: {
    write(writer, { on, how }) {
      parts.writeTarget(writer, on)
      parts.writeOpenMode(writer, how)
    },
    read: (reader) => ({ on: parts.readTarget(reader), how: parts.readOpenMode(reader) }),
  },
  tmpfile: {
    write(writer, { on, mode, how }) {
      parts.writeTarget(writer, on)
      parts.writeMode(writer, mode)
      parts.writeOpenMode(writer, how)
    },
    read(reader) {
      const [on, mode] = [parts.readTarget(reader), parts.readMode(reader)]
      return { on, mode, how: parts.readOpenMode(reader) }
    },
  },
  'sync-directory': {
    write: (writer, { on }) => parts.writeTarget(writer, on),
    read: (reader) => ({ on: parts.readTarget(reader) }),
  },
}
