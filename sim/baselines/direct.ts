// Each node reads the source itself, as it does without anything: a metadata operation for every name
// that its kernel does not know, present or absent, one to open, and reads as a network file system's
// client makes them.
import type { Access } from '../program/workload.ts'
import { type Cluster, type Place, READ_BYTES, READS_AHEAD, sourceOf } from './cluster.ts'
import { PartReader } from './part-reader.ts'
import { askSource, attributesIn, bytesIn, namesIn } from './questions.ts'

export function direct(cluster: Cluster): readonly Access[] {
  return cluster.nodes.map((place) => directAt(cluster, place))
}

export function directAt(cluster: Cluster, place: Place): Access {
  const source = sourceOf(cluster, place)
  const { tree } = cluster
  const fetch = async (path: string, index: number) => {
    const at = { inode: String(tree.find(path).number), partBytes: READ_BYTES }
    return bytesIn(await askSource(source, { kind: 'read', path, index }, at))
  }
  const reader = new PartReader({ tree, partBytes: READ_BYTES, ahead: READS_AHEAD, fetch })
  const nowhere = { inode: '', partBytes: READ_BYTES }
  return {
    stat: async (path) =>
      attributesIn(await askSource(source, { kind: 'stat', path, index: 0 }, nowhere)),
    list: (path) => namesIn(source, path),
    read: (path, range) => reader.read(path, range),
  }
}
