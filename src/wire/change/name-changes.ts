import type { Node, RenameMode } from '../../ports/changes.ts'
import type { NameChange } from '../../ports/writable-source.ts'
import * as fields from '../fields.ts'
import * as limits from '../limits.ts'
import type { Codecs } from './codec.ts'
import * as parts from './parts.ts'

const NODES: readonly Node['type'][] = ['file', 'fifo', 'socket', 'block', 'character']
const RENAMES: readonly RenameMode[] = ['replace', 'no-replace', 'exchange']

export const NAME_CHANGES: Codecs<NameChange> = {
  create: {
    write(writer, { at, mode, isExclusive, how }) {
      parts.writeAt(writer, at)
      parts.writeMode(writer, mode)
      parts.writeFlags(writer, [isExclusive])
      parts.writeOpenMode(writer, how)
    },
    read(reader) {
      const [at, mode] = [parts.readAt(reader), parts.readMode(reader)]
      const [isExclusive = false] = parts.readFlags(reader, 1)
      return { at, mode, isExclusive, how: parts.readOpenMode(reader) }
    },
  },
  mknod: {
    write(writer, { at, node }) {
      parts.writeAt(writer, at)
      fields.writeChoice(writer, NODES, node.type)
      parts.writeMode(writer, node.mode)
      writer.varint(node.rdev)
    },
    read(reader) {
      const at = parts.readAt(reader)
      const type = fields.readChoice(reader, NODES, 'kind of node')
      return { at, node: { type, mode: parts.readMode(reader), rdev: reader.varint() } }
    },
  },
  mkdir: {
    write(writer, { at, mode }) {
      parts.writeAt(writer, at)
      parts.writeMode(writer, mode)
    },
    read: (reader) => ({ at: parts.readAt(reader), mode: parts.readMode(reader) }),
  },
  symlink: {
    write(writer, { at, target }) {
      parts.writeAt(writer, at)
      writer.byteString(target, limits.MAX_PATH_BYTES)
    },
    read(reader) {
      const at = parts.readAt(reader)
      return { at, target: fields.readTarget(reader) }
    },
  },
  link: {
    write(writer, { from, at }) {
      parts.writeTarget(writer, from)
      parts.writeAt(writer, at)
    },
    read: (reader) => ({ from: parts.readTarget(reader), at: parts.readAt(reader) }),
  },
  unlink: {
    write: (writer, { at }) => parts.writeAt(writer, at),
    read: (reader) => ({ at: parts.readAt(reader) }),
  },
  rmdir: {
    write: (writer, { at }) => parts.writeAt(writer, at),
    read: (reader) => ({ at: parts.readAt(reader) }),
  },
  rename: {
    write(writer, { from, at, mode }) {
      parts.writeAt(writer, from)
      parts.writeAt(writer, at)
      fields.writeChoice(writer, RENAMES, mode)
    },
    read(reader) {
      const [from, at] = [parts.readAt(reader), parts.readAt(reader)]
      return { from, at, mode: fields.readChoice(reader, RENAMES, 'way to rename') }
    },
  },
}
