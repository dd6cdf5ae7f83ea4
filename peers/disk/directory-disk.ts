import assert from 'node:assert/strict'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { PotluckError } from '../../src/base/errors.ts'
import type { Disk, DiskFile, DiskFileInit } from '../../src/ports/disk.ts'
import { diskFailure, lockFile } from './calls.ts'
import { RealFile } from './real-file.ts'

const SECTOR_BYTES = 4096

export type DirectoryDiskInit = {
  /** For a thread that serves the disk alone: quick syncs are waited for in it. @default false */
  readonly syncsHere?: boolean
}

/** A Disk in a directory, which is made (mode 0700) where missing. */
export class DirectoryDisk implements Disk {
  readonly sectorBytes = SECTOR_BYTES
  readonly #directory: string
  readonly #syncsHere: boolean

  constructor(directory: string, { syncsHere = false }: DirectoryDiskInit = {}) {
    this.#directory = directory
    this.#syncsHere = syncsHere
  }

  async open({ name, sizeBytes }: DiskFileInit): Promise<DiskFile> {
    assert(sizeBytes > 0 && sizeBytes % SECTOR_BYTES === 0, `a file of ${sizeBytes} bytes`)
    assert(path.basename(name) === name, `${name} is no file name`)
    const where = path.join(this.#directory, name)
    await mkdir(this.#directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new PotluckError('ENOTDIR', `${this.#directory} is not a directory`, { cause })
      }
      throw diskFailure(`making the directory ${this.#directory}`, cause)
    })
    const handle = await openOrMake(where)
    try {
      await prepare(handle, where, sizeBytes)
    } catch (error) {
      await handle.close()
      throw error
    }
    return new RealFile({ handle, sizeBytes, syncsHere: this.#syncsHere })
  }
}

async function openOrMake(where: string): Promise<FileHandle> {
  try {
    return await open(where, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return open(where, 'wx+', 0o600)
      throw error
    })
  } catch (cause) {
    throw diskFailure(`opening ${where}`, cause)
  }
}

/** The lock comes first: only who has it may give a new file its size. */
async function prepare(handle: FileHandle, where: string, sizeBytes: number): Promise<void> {
  if (!lockFile(handle.fd)) throw new PotluckError('EBUSY', `another process uses ${where}`)
  const { size } = await handle.stat()
  if (size === sizeBytes) return
  if (size !== 0) {
    throw new PotluckError(
      'EINVAL',
      `${where} has ${size} bytes, not ${sizeBytes}: a log keeps the size it was made with`,
    )
  }
  await handle.truncate(sizeBytes).catch((cause: unknown) => {
    throw diskFailure(`giving ${where} its size`, cause)
  })
}
