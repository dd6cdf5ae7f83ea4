import test from 'ava'
import { ratesFigure } from '../../../../peers/commands/heat/heat-figures.ts'
import { HEAT, type HeatStatus } from '../../../../src/node/heat/heat-status.ts'

test('equal paths of two volumes are two files; each has its line, the hottest first', (t) => {
  const file = (volume: string, perSecond: number) => ({ volume, path: 'a/f', perSecond })
  const samples = [
    { atMs: 0, files: [file('one', 1)] },
    { atMs: 60_000, files: [file('one', 2), file('two', 5)] },
  ]
  const nothing = { pinnedBytes: 0, pinCapacityBytes: 0, blocksToHold: 0, files: [], wishes: [] }
  const heat: HeatStatus = { ...HEAT, ...nothing, isTight: false, samples }
  t.deepEqual(
    ratesFigure(heat).lines.map(({ name, points }) => [name, ...points]),
    [
      ['two:a/f', [-1, 0], [0, 5]],
      ['one:a/f', [-1, 1], [0, 2]],
    ],
  )
})
