// Files that look alike can't be told apart by who reads them, so nobody may be accused of having read the
// wrong one of them: seed 40 of 64 writers was, once. Who reads what nothing looks like now still is.
import test from 'ava'
import { fresh } from '../../../sim/checkers/fresh.ts'
import { heedsNews } from '../../../sim/checkers/heeds-news.ts'
import { inodeEffect } from '../../../sim/storage/writing/change-names.ts'
import type { Checker, ProgramRead } from '../../../sim/watch/checker.ts'
import { History } from '../../../sim/watch/history.ts'
import { World } from '../../../sim/world.ts'

const TEXT = Buffer.from('not empty')

/** Both are empty; then `new` is written to, and takes the name of `old`, which stays as it is. */
async function twoEmptyFiles() {
  const world = new World({
    seed: 1,
    nodes: 1,
    tree: (tree) => {
      for (const path of ['old', 'new']) tree.makeFileOf(path, Buffer.alloc(0))
    },
  })
  await world.start()
  const history = new History(world)
  history.follow()
  const [old, file] = [world.tree.find('old'), world.tree.find('new')]
  await world.run(() => world.sleep(100))
  world.tree.alter(file, { bytes: TEXT, size: TEXT.length })
  for (const tell of world.storage.watchers) tell([inodeEffect(file, true)])
  await world.run(() => world.sleep(100))
  const toldMs = world.clock.elapsedMs
  await world.run(() => world.sleep(100))
  history.rename('new', 'old')
  return { world, history, old, file, toldMs, readMs: toldMs + 50 }
}

function saysOf(checker: Checker, world: World): string[] {
  const said: string[] = []
  checker.begin?.(world, (what) => said.push(what))
  return said
}

function emptyRead(world: World, readMs: number): ProgramRead {
  const bytes = Buffer.alloc(0)
  const when = { startMs: readMs, endMs: world.clock.elapsedMs, openedMs: undefined }
  return { node: world.node(0), epoch: 1, path: 'old', ...when, outcome: 'read', bytes }
}

test('who read the one that was empty then has not passed over news of the other', async (t) => {
  const { world, history, old, file, toldMs } = await twoEmptyFiles()
  const checker = heedsNews(history)
  const said = saysOf(checker, world)
  const who = { node: world.node(0), epoch: 1 }
  checker.acknowledged?.(who, String(file.number), toldMs)
  checker.read?.(emptyRead(world, world.clock.elapsedMs + 1))
  t.deepEqual(said, [])
  checker.acknowledged?.(who, String(old.number), Infinity)
  checker.read?.(emptyRead(world, world.clock.elapsedMs + 1))
  t.is(said.length, 1, 'now both are known to be over')
})

test('nor is what it read too old', async (t) => {
  const { world, history, readMs } = await twoEmptyFiles()
  const checker = fresh({ history, revalidateMs: 10, skewMs: -500 })
  const said = saysOf(checker, world)
  checker.read?.(emptyRead(world, readMs))
  t.deepEqual(said, [])
  await world.run(() => world.sleep(100))
  checker.read?.(emptyRead(world, world.clock.elapsedMs))
  t.is(said.length, 1, 'the name leads to the other one by now')
})
