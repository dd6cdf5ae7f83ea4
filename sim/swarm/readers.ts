import type { Workload } from './workload.ts'
import { checkersFor } from './checkers-for.ts'
import { program, readFile } from './programs.ts'
import { worldInit } from './seed-world.ts'

const NEW_NAMES = ['d1/new1', 'd2/new2', 'd3/new3']

/** They read whole files and hold some open; some change files on the storage, and tell, or do not. */
export const READERS: Workload = {
  worldInit: (drawn, { faults, coherence }) => worldInit(drawn, faults, { coherence }),
  settleMs: 0,
  checkers: (drawn, { history, run }) => checkersFor(drawn, { history, faults: run.faults }),
  actors: (stage, { changes }) => {
    const init = { ...stage, changes, names: [...stage.world.tree.files(), ...NEW_NAMES] }
    return {
      program: (node, options) => program(init, node, options),
      last: async (node) => {
        for (const path of init.names) await readFile(init, node, path)
      },
    }
  },
}
