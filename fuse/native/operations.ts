// The operations of a volume by path, as libfuse's high-level interface asks for them: those that read,
// and, for a volume that takes changes, those that change something.
import { typeBits } from '../protocol/attributes.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { Attributes } from '../../src/ports/messages.ts'
import { isWritable, type Nodeid, type Volume } from '../../src/volume/volume.ts'
import { NativeChanges } from './changes.ts'
import { answer, answerCount, byteNames, type Callback, resolving, type Transfer } from './walk.ts'

/** Times in milliseconds and a small inode number are all that fuse-native passes on. */
function statOf(attributes: Attributes, ino: bigint) {
  const ms = (seconds: number, nanos: number) => seconds * 1000 + Math.floor(nanos / 1e6)
  return {
    mode: typeBits[attributes.type] | attributes.mode,
    uid: attributes.uid,
    gid: attributes.gid,
    size: attributes.size,
    nlink: attributes.nlink,
    ino: Number(BigInt.asUintN(32, ino)),
    rdev: attributes.rdev,
    blocks: attributes.blocks,
    atime: ms(attributes.atimeSeconds, attributes.atimeNanos),
    mtime: ms(attributes.mtimeSeconds, attributes.mtimeNanos),
    ctime: ms(attributes.ctimeSeconds, attributes.ctimeNanos),
  }
}

const OPEN_FOR_WRITING = 3
const MAX_U32 = 0xffff_ffff

/** What fuse-native is given. Its argument lists are its own. */
export function nativeOperations(volume: Volume): object {
  const changes = isWritable(volume) ? new NativeChanges(volume) : undefined
  return {
    ...metadata(volume),
    ...contents(volume, changes),
    ...extended(volume),
    ...changes?.names(),
    ...changes?.attributes(),
    ...changes?.contents(),
  }
}

function metadata(volume: Volume): object {
  return {
    getattr(path: string, reply: Callback) {
      answer(reply, async () => {
        const { attributes } = await resolving(volume, path, (nodeid) => volume.getattr(nodeid))
        return [statOf(attributes, volume.inodeNumber(attributes.inode))]
      })
    },
    readlink(path: string, reply: Callback) {
      answer(reply, async () => {
        const target = await resolving(volume, path, (nodeid) => volume.readlink(nodeid))
        return [Buffer.from(target, 'latin1').toString('utf8')]
      })
    },
    readdir(path: string, reply: Callback) {
      answer(reply, async () => [await resolving(volume, path, (nodeid) => names(volume, nodeid))])
    },
    statfs(_path: string, reply: Callback) {
      answer(reply, async () => {
        const usage = await volume.statfs()
        const count = (number: number) => Math.min(number, MAX_U32)
        return [
          {
            bsize: usage.blockBytes,
            frsize: usage.blockBytes,
            blocks: count(usage.blocks),
            bfree: count(usage.blocksFree),
            bavail: count(usage.blocksAvailable),
            files: count(usage.files),
            ffree: count(usage.filesFree),
            namemax: 255,
          },
        ]
      })
    },
  }
}

async function names(volume: Volume, nodeid: Nodeid): Promise<string[]> {
  const handle = await volume.opendir(nodeid)
  try {
    const all: string[] = []
    for (let offset = 0; ;) {
      const entries = volume.readdir(handle, offset)
      const last = entries.at(-1)
      if (last === undefined) return all
      all.push(...entries.map(({ name }) => Buffer.from(name, 'latin1').toString('utf8')))
      offset = last.nextOffset
    }
  } finally {
    volume.releasedir(handle)
  }
}

function contents(volume: Volume, changes: NativeChanges | undefined): object {
  return {
    open(path: string, flags: number, reply: Callback) {
      answer(reply, async () => {
        if ((flags & OPEN_FOR_WRITING) !== 0) {
          if (changes === undefined) throw new PotluckError('EROFS', 'read-only')
          return [await changes.open(path, flags)]
        }
        const { handle } = await resolving(volume, path, (nodeid) => volume.open(nodeid))
        return [handle]
      })
    },
    read(...[, handle, buffer, length, from, reply]: Transfer) {
      answerCount(reply, copyInto(volume, { handle, buffer, length, from }))
    },
    release(_path: string, handle: number, reply: Callback) {
      changes?.closed(handle)
      volume.release(handle)
      reply(0)
    },
  }
}

async function copyInto(
  volume: Volume,
  read: { handle: number; buffer: Uint8Array; length: number; from: number },
): Promise<number> {
  const { handle, buffer, length, from } = read
  let at = 0
  for (const slice of await volume.read(handle, { from, length })) {
    const part = slice.subarray(0, length - at)
    buffer.set(part, at)
    at += part.length
  }
  return at
}

function extended(volume: Volume): object {
  return {
    getxattr(...[path, name, , reply]: [string, string, number, Callback]) {
      answer(reply, async () => {
        const bytes = byteNames(name).join('/')
        return [Buffer.from(await resolving(volume, path, (at) => volume.getxattr(at, bytes)))]
      })
    },
  }
}
