// Programs on three peers that take turns, in all weathers, each beside its twin on a file system in memory.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isWritable, type WritableVolume } from '../../../../src/volume/volume.ts'
import { between } from '../../../../sim/engine/draws.ts'
import { delay, lose, PASS, type Rule } from '../../../../sim/network/rules.ts'
import type { World } from '../../../../sim/world.ts'
import { type Command, commandOf } from '../../../posix/commands.ts'
import { PosixVolume } from '../../../posix/posix-volume.ts'
import { Program, viewOf } from '../../../posix/program.ts'
import { meshOf } from '../mesh.ts'

const PEERS = 3
/** Rumors arrive in this time; lost ones are noticed by a heartbeat, which comes ever more seldom. */
const HEARD_MS = 1_500
const HEARD_OF_LOSS_MS = 70_000

export type Weather = {
  readonly name: string
  readonly rules: (world: World) => Rule[]
  readonly heardMs: number
  readonly isMortal: boolean
}

export const WEATHERS: readonly Weather[] = [
  { name: 'nothing goes wrong', rules: () => [], heardMs: HEARD_MS, isMortal: false },
  {
    name: 'rumors come late and out of order',
    rules: ({ random }) => {
      const late = random.fork('late')
      return [
        ({ kind }) =>
          kind === 'gossip' ? { type: 'deliver', afterMs: between(late, 0, 2_000) } : PASS,
        delay(random.fork('delay'), 0.2, 150),
      ]
    },
    heardMs: 4_000 + HEARD_MS,
    isMortal: false,
  },
  {
    name: 'messages are lost',
    rules: ({ random }) => [
      lose(random.fork('gossip'), 0.3, ['gossip']),
      lose(random.fork('replies'), 0.02, ['request', 'reply']),
    ],
    heardMs: HEARD_OF_LOSS_MS,
    isMortal: false,
  },
  {
    name: 'nodes die and come back',
    rules: () => [],
    heardMs: HEARD_MS,
    isMortal: true,
  },
]

/** A command, or the death of a node. */
export type Turn = { readonly command: Command; readonly dies: boolean }

export const turns = fc.array(
  fc.record({
    command: commandOf(PEERS),
    dies: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
  }),
  { minLength: 8, maxLength: 40 },
)

/** @throws AssertionError where the mesh does something else than the file system */
export async function play(
  { rules, heardMs, isMortal }: Weather,
  all: readonly Turn[],
  isEverywhere: boolean,
): Promise<void> {
  const world = await meshOf(PEERS, {
    tree: () => {},
    withSource: (index) => isEverywhere || index === 0,
    skewMs: (index) => [0, 200, -200][index] ?? 0,
    volume: { write: 'through' },
  })
  const model = new PosixVolume()
  const programs = world.nodes.map((node) => ({
    ours: new Program(() => writable(node.volume)),
    theirs: new Program(() => model),
  }))
  await world.run(
    async () => {
      // Who has never found the source, and can't reach who has it, has nobody to wait for.
      for (const { volume } of world.nodes) await viewOf(writable(volume))
      world.network.rules.push(...rules(world))
      let last = 0
      for (const { command, dies } of all) {
        if (command.by !== last) await world.sleep(heardMs)
        last = command.by
        const program = programs[command.by]
        assert(program !== undefined)
        const [ours, theirs] = [await program.ours.run(command), await program.theirs.run(command)]
        assert.equal(ours, theirs, `${JSON.stringify(command)}: ${String(program.ours.cause)}`)
        if (!dies || !isMortal || command.by === 0) continue
        await world.sleep(heardMs)
        await world.bounce(command.by)
        program.ours.died()
        program.theirs.died()
      }
      await world.sleep(heardMs)
      const truth = await viewOf(model)
      for (const { volume } of world.nodes) assert.deepEqual(await viewOf(writable(volume)), truth)
    },
    { withinMs: 12 * 3_600_000 },
  )
}

function writable(volume: object): WritableVolume {
  assert(isWritable(volume as WritableVolume))
  return volume as WritableVolume
}
