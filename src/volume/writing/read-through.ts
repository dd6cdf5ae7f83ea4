import type { Attributes, Inode, Name } from '../../ports/messages.ts'
import type { SourceUsage } from '../../ports/source.ts'
import type { ReadVolume } from '../read-volume.ts'
import type {
  Absent,
  DirectoryEntry,
  Entry,
  KernelListener,
  Nodeid,
  OpenFile,
  Options,
  Valid,
  Volume,
} from '../volume.ts'

/** A volume whose reading is that of another one. */
export class ReadThrough implements Volume {
  readonly reading: ReadVolume

  constructor(reading: ReadVolume) {
    this.reading = reading
  }

  get name(): string {
    return this.reading.name
  }

  get blockBytes(): number {
    return this.reading.blockBytes
  }

  get isStrict(): boolean {
    return this.reading.isStrict
  }

  lookup(parent: Nodeid, name: Name, options?: Options): Promise<Entry | Absent> {
    return this.reading.lookup(parent, name, options)
  }

  getattr(nodeid: Nodeid, options?: Options): Promise<Valid & { readonly attributes: Attributes }> {
    return this.reading.getattr(nodeid, options)
  }

  readlink(nodeid: Nodeid, options?: Options): Promise<string> {
    return this.reading.readlink(nodeid, options)
  }

  open(nodeid: Nodeid, options?: Options): Promise<OpenFile> {
    return this.reading.open(nodeid, options)
  }

  read(
    handle: number,
    range: { from: number; length: number },
    options?: Options,
  ): Promise<readonly Uint8Array[]> {
    return this.reading.read(handle, range, options)
  }

  release(handle: number): void {
    this.reading.release(handle)
  }

  opendir(nodeid: Nodeid, options?: Options & { readonly isWhole?: boolean }): Promise<number> {
    return this.reading.opendir(nodeid, options)
  }

  readdir(handle: number, offset: number): readonly DirectoryEntry[] {
    return this.reading.readdir(handle, offset)
  }

  reference(handle: number, entry: DirectoryEntry): Entry | undefined {
    return this.reading.reference(handle, entry)
  }

  releasedir(handle: number): void {
    this.reading.releasedir(handle)
  }

  statfs(options?: Options): Promise<SourceUsage> {
    return this.reading.statfs(options)
  }

  getxattr(nodeid: Nodeid, name: Name, options?: Options): Promise<Uint8Array> {
    return this.reading.getxattr(nodeid, name, options)
  }

  listxattr(nodeid: Nodeid, options?: Options): Promise<readonly Name[]> {
    return this.reading.listxattr(nodeid, options)
  }

  forget(nodeid: Nodeid, count: number): void {
    this.reading.forget(nodeid, count)
  }

  inodeNumber(inode: Inode): bigint {
    return this.reading.inodeNumber(inode)
  }

  subscribe(listener: KernelListener): () => void {
    return this.reading.subscribe(listener)
  }
}
