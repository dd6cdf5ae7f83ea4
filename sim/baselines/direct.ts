// Each node reads the source itself, as it does without anything: a metadata operation for every name
// that its kernel does not know, present or absent, one to open, and reads as a network file system's
// client makes them.
import type { Access } from '../program/workload.ts'
import { type Cluster, type Place, READ_BYTES, READS_AHEAD, sourceOf } from './cluster.ts'
import { PartReader, type Range } from './part-reader.ts'
import { attributesIn, namesIn, statOf } from './questions.ts'

export function direct(cluster: Cluster): readonly Access[] {
  return cluster.nodes.map((place) => directAt(cluster, place))
}

export function directAt(cluster: Cluster, place: Place): Access {
  const source = sourceOf(cluster, place)
  const { tree } = cluster
  const fetch = async (path: string, range: Range) => {
    const inode = String(tree.find(path).number)
    const read = await source.read(path, { inode, ...range }, { isOpen: range.from > 0 })
    return read.bytes
  }
  const reader = new PartReader({ tree, partBytes: READ_BYTES, ahead: READS_AHEAD, fetch })
  return {
    stat: async (path) => attributesIn(await statOf(source, path)),
    list: (path) => namesIn(source, path),
    read: (path, range) => reader.read(path, range),
  }
}
