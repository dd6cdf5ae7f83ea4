/** How a file is opened: with a size that it keeps for ever. */
export type DiskFileInit = {
  /** A file name, no path. */
  readonly name: string
  /** A multiple of the sector. A file that is there with another size is an error. */
  readonly sizeBytes: number
}

/**
 * One file of fixed size; what was never written, or was punched, reads as zeros.
 *
 * Every method throws PotluckError: EIO (the device failed), ENOSPC (the file system is full: part
 * of the range may have been written), CLOSED.
 */
export interface DiskFile {
  readonly sizeBytes: number

  /**
   * Fills `into` from `at` if that needs no waiting for the device; false where it would, or where
   * it failed: then ask `read`.
   */
  readNow(at: number, into: Uint8Array): boolean

  /** Fills `into` from `at`. */
  read(at: number, into: Uint8Array): Promise<void>

  /**
   * Writes whole sectors. When it resolves, the bytes outlive this process, but not the machine. A
   * sector that was being written when the machine died may hold anything.
   */
  write(at: number, bytes: Uint8Array): Promise<void>

  /** When it resolves, every write that had resolved before the call outlives the machine. */
  sync(): Promise<void>

  /**
   * As `sync`, in the calling thread; false where that may take long, or is not for this thread: then
   * ask `sync`. For whoever has nothing else to do meanwhile.
   */
  syncNow(): boolean

  /** Whole sectors that read as zeros from now on, their space given back where possible. */
  punch(at: number, length: number): Promise<void>

  close(): Promise<void>
}

/** A local disk or a directory on one: what the log lives on. */
export interface Disk {
  /** Bytes that are written as a whole or torn; writes begin and end at multiples of it. */
  readonly sectorBytes: number

  /**
   * Opens a file, making it where it is missing.
   *
   * @throws PotluckError EINVAL (there with another size), EBUSY (someone else has it open), or the
   *   errno of the failed call
   */
  open(init: DiskFileInit): Promise<DiskFile>
}
