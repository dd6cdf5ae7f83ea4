import test from 'ava'
import { SeededRandom } from '../../../sim/engine/seeded-random.ts'
import { DEFAULT_OVERLAY, type Member, Overlay } from '../../../sim/gossip/overlay.ts'

function overlayOf(nodes: number, dead: ReadonlySet<number> = new Set()) {
  const overlay = new Overlay<number>(
    DEFAULT_OVERLAY,
    new SeededRandom(1),
    (number) => !dead.has(number),
  )
  const members = Array.from({ length: nodes }, (_, i) => overlay.join(i))
  return { overlay, members }
}

function reachedFrom(overlay: Overlay<number>, first: Member<number>): Set<number> {
  const reached = new Set([first.of])
  const queue = [first]
  for (let member = queue.pop(); member !== undefined; member = queue.pop()) {
    for (const next of overlay.meshOf(member)) {
      if (reached.has(next.of)) continue
      reached.add(next.of)
      queue.push(next)
    }
  }
  return reached
}

test('the mesh joins everybody, with as many neighbours as gossipsub allows', (t) => {
  const { overlay, members } = overlayOf(500)
  t.is(reachedFrom(overlay, members[0] as Member<number>).size, 500)
  for (const member of members) {
    const { mesh, links } = member
    t.true(mesh.length >= 4 && mesh.length <= 12, String(mesh.length))
    t.true(mesh.every((other) => other.mesh.includes(member)))
    t.true(links.length >= 4)
  }
})

test('when a quarter has died the others find new neighbours', (t) => {
  const dead = new Set<number>()
  const { overlay, members } = overlayOf(200, dead)
  overlay.living()
  for (let i = 0; i < 200; i += 4) dead.add(i)
  t.is(reachedFrom(overlay, members[1] as Member<number>).size, 150)
  t.is(overlay.living().length, 150)
})

test('two nodes have each other, and one nobody', (t) => {
  const { overlay, members } = overlayOf(2)
  const [a, b] = members as [Member<number>, Member<number>]
  t.deepEqual(overlay.meshOf(a), [b])
  t.deepEqual(overlay.linksOf(b), [a])
  const lone = overlayOf(1)
  t.deepEqual(lone.overlay.meshOf(lone.members[0] as Member<number>), [])
})
