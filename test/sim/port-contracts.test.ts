// The simulated ports keep the promises that the real ones keep.
import type { Source } from '../../src/ports/source.ts'
import { Contents } from '../../sim/storage/contents.ts'
import { Life } from '../../sim/engine/life.ts'
import { SeededRandom } from '../../sim/engine/seeded-random.ts'
import type { WritableSource } from '../../src/ports/writable-source.ts'
import { WritableSimSource } from '../../sim/storage/writing/writable-sim-source.ts'
import { testWritableSource } from '../ports/writable-source-contract.ts'
import { SimSource } from '../../sim/storage/source.ts'
import { DEFAULT_STORAGE, Storage } from '../../sim/storage/storage.ts'
import { SimTree } from '../../sim/storage/tree.ts'
import { VirtualClock } from '../../sim/engine/virtual-clock.ts'
import { testClock } from '../ports/clock-contract.ts'
import { testRandom } from '../ports/random-contract.ts'
import { BIG_BYTES, PLAIN_BYTES, PLAIN_MTIME, testSource } from '../ports/source-contract.ts'

testClock('the virtual clock', () => {
  const clock = new VirtualClock()
  return { clock, pass: (ms) => clock.run(ms) }
})

testClock('the clock of one life', () => {
  const clock = new VirtualClock()
  return { clock: new Life(clock), pass: (ms) => clock.run(ms) }
})

testRandom('seeded randomness', (seed) => new SeededRandom(seed))

testSource('a simulated source', async () => {
  const clock = new VirtualClock()
  const storage = new Storage({ clock, random: new SeededRandom(1), costs: DEFAULT_STORAGE })
  const tree = new SimTree(clock)
  fillContractTree(tree)
  const contents = new Contents('real')
  const life = new Life(clock)
  const shape = { node: 0, blockBytes: 65_536 }
  return driven(new SimSource({ storage, tree, contents, life, ...shape }), clock)
})

testWritableSource('a simulated source', async () => {
  const clock = new VirtualClock()
  const storage = new Storage({ clock, random: new SeededRandom(1), costs: DEFAULT_STORAGE })
  const init = { storage, tree: new SimTree(clock), contents: new Contents('real') }
  const shape = { life: new Life(clock), node: 0, blockBytes: 65_536 }
  const source = new WritableSimSource({ ...init, ...shape })
  const change: WritableSource['change'] = (one, options) =>
    clock.runUntil(source.change(one, options))
  return Object.assign(driven(source, clock), { change })
})

function fillContractTree(tree: SimTree): void {
  tree.makeFileOf('plain.txt', PLAIN_BYTES)
  tree.setModified('plain.txt', PLAIN_MTIME)
  tree.makeFile('empty', { size: 0 })
  tree.makeFileOf('big', BIG_BYTES)
  tree.makeSymlink('link', 'plain.txt')
  tree.makeFileOf('b\xffd', Buffer.from('x'))
  tree.makeFileOf('sub/inner', Buffer.from('inner'))
  tree.makeDirectory('sub/deep')
  for (let i = 0; i < 600; i++) tree.makeFile(`many/n${i}`, { size: 0 })
}

/** Drives the clock whenever a call is waited for, one wait after another. */
function driven(source: SimSource, clock: VirtualClock): Source {
  let turn: Promise<unknown> = Promise.resolve()
  const wait = <T>(work: Promise<T>): Promise<T> => {
    const result = turn.then(() => clock.runUntil(work))
    turn = result.catch(() => {})
    work.catch(() => {})
    return result
  }
  return {
    attributes: (path, options) => wait(source.attributes(path, options)),
    list: (path, options) => wait(source.list(path, options)),
    entries: (path, names, options) => wait(source.entries(path, names, options)),
    read: (path, range, options) => wait(source.read(path, range, options)),
    xattrs: (path, options) => wait(source.xattrs(path, options)),
    usage: (options) => wait(source.usage(options)),
    close: () => source.close(),
  }
}
