// What every WritableSource promises. `make` gives an empty one.
import type { ExecutionContext } from 'ava'
import type { WritableSource } from '../../src/ports/writable-source.ts'
import { testAttributes, testFiles, testUnusualFiles } from './writable-source/files.ts'
import { Hand } from './writable-source/hand.ts'
import { testNames, testRenames } from './writable-source/names.ts'

export type MakeWritable = (t: ExecutionContext) => Promise<WritableSource>

export function testWritableSource(name: string, make: MakeWritable): void {
  const begin = async (t: ExecutionContext): Promise<Hand> => new Hand(await make(t))
  testNames(name, begin)
  testRenames(name, begin)
  testAttributes(name, begin)
  testFiles(name, begin)
  testUnusualFiles(name, begin)
}
