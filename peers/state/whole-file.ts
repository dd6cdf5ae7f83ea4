// Small files of a peer's own that are there whole or not at all. It must never follow a symbolic link, nor
// read more than was asked for: whatever lies there may be somebody else's.
import { constants } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { PotluckError } from '../../src/base/errors.ts'

/** @throws PotluckError TOO_LARGE; Error of the file system */
export async function readWhole(file: string, mostBytes: number): Promise<Uint8Array> {
  const opened = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { size } = await opened.stat()
    if (size > mostBytes) throw new PotluckError('TOO_LARGE', `${file} has ${size} bytes`)
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await opened.read(bytes, 0, size, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await opened.close()
  }
}

/** Readable by its owner alone. */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const before = `${file}.${process.pid}.new`
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  const opened = await open(before, flags, 0o600)
  try {
    await opened.writeFile(bytes)
    await opened.sync()
  } finally {
    await opened.close()
  }
  await rename(before, file)
}
