// Steps of random programs, and how the tree looks afterwards: on the storage, and to a node.
import fc from 'fast-check'
import type { Path } from '../../../../src/ports/messages.ts'
import type { SimInode } from '../../../../sim/storage/tree.ts'
import type { World } from '../../../../sim/world.ts'
import type { Hand } from './hand.ts'

export const NODES = 4
export type Step = {
  readonly kind: (typeof KINDS)[number]
  readonly node: number
  readonly from: Path
  readonly to: Path
  readonly settles: boolean
}

const KINDS = [
  'mkdir',
  'file',
  'append',
  'unlink',
  'rmdir',
  'rename',
  'exchange',
  'link',
  'chmod',
] as const

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.oneof(
  name,
  fc.tuple(name, name).map((names) => names.join('/')),
)
export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  node: fc.nat(NODES - 1),
  from: path,
  to: path,
  settles: fc.boolean(),
})

export async function perform(hand: Hand, { kind, from, to }: Step): Promise<void> {
  switch (kind) {
    case 'mkdir':
      return void (await hand.mkdir(from))
    case 'file':
      return hand.file(from, `bytes of ${from} by ${hand.node.index}`)
    case 'append': {
      const handle = await hand.open(from)
      await hand.write(handle, 'end', ` and ${to}`)
      return hand.close(handle)
    }
    case 'unlink':
      return hand.unlink(from)
    case 'rmdir':
      return hand.rmdir(from)
    case 'rename':
      return hand.rename(from, to)
    case 'exchange':
      return hand.rename(from, to, 'exchange')
    case 'link':
      return hand.link(from, to)
    case 'chmod':
      return hand.chmod(from, to.length > 1 ? 0o700 : 0o750)
  }
}

/** All that can be seen of a tree, by path. */
export function truthOf({ tree }: World): Record<Path, string> {
  const seen: Record<Path, string> = {}
  const walk = (inode: SimInode, at: Path): void => {
    const { type, mode, nlink, size, bytes } = inode
    const text = type === 'file' ? Buffer.from(bytes ?? []).toString() : ''
    seen[at] = `${type} ${mode.toString(8)} ${type === 'file' ? `${nlink} ${size}` : nlink} ${text}`
    for (const [child, below] of inode.children) walk(below, at === '' ? child : `${at}/${child}`)
  }
  walk(tree.root, '')
  return seen
}

export async function seenBy(hand: Hand): Promise<Record<Path, string>> {
  const seen: Record<Path, string> = {}
  const walk = async (at: Path): Promise<void> => {
    const { type, mode, nlink, size } = await hand.node.stat(at)
    const text = type === 'file' ? await hand.text(at) : ''
    seen[at] = `${type} ${mode.toString(8)} ${type === 'file' ? `${nlink} ${size}` : nlink} ${text}`
    if (type !== 'directory') return
    for (const child of await hand.names(at)) await walk(at === '' ? child : `${at}/${child}`)
  }
  await walk('')
  return seen
}
