// A node of a baseline that asks other nodes: its station in the network, and its shelf.
import type { Answer, PeerId } from '../../src/ports/messages.ts'
import type { Network } from '../../src/ports/network.ts'
import { PotluckError } from '../../src/base/errors.ts'
import type { SimSource } from '../storage/source.ts'
import { type Cluster, type Place, sourceOf } from './cluster.ts'
import { askSource, type Question, questionOf, wantOf } from './questions.ts'
import { type Answers, Shelf } from './shelf.ts'

export type AskerInit = {
  readonly cluster: Cluster
  readonly place: Place
  readonly answers: Answers
  /** Whom this node asks; itself where it is the one to read the source. */
  readonly next: (question: Question) => PeerId
  /** The size of the parts that files are asked for in; Infinity for whole files. */
  readonly partBytes: number
}

export class Asker {
  readonly source: SimSource
  readonly #init: AskerInit
  readonly #network: Network
  readonly #shelf: Shelf

  constructor(init: AskerInit) {
    const { cluster, place } = init
    this.#init = init
    this.source = sourceOf(cluster, place)
    this.#shelf = new Shelf(init.answers)
    const { peer, index, life } = place
    this.#network = cluster.network.attach({ peer, index, life })
    this.#network.handle(async (_from, request) => {
      if (request.type !== 'want') throw new PotluckError('MALFORMED', request.type)
      return { type: 'answer', answer: await this.answer(questionOf(request.want)) }
    })
  }

  /** What is on the shelf, or what the next one says. */
  answer(question: Question): Promise<Answer> {
    return this.#shelf.take(question, () => this.ask(question))
  }

  /** What the next one says; nothing is kept. */
  async ask(question: Question): Promise<Answer> {
    const { cluster, next, partBytes, place } = this.#init
    const to = next(question)
    if (to === place.peer) {
      const file = cluster.tree.at(question.path)
      const inode = String(file?.number ?? 0)
      const part = partBytes === Infinity ? (file?.size ?? 0) : partBytes
      return askSource(this.source, question, { inode, partBytes: part })
    }
    const reply = await this.#network.request(to, { type: 'want', want: wantOf(question) })
    if (reply.type === 'answer') return reply.answer
    throw new PotluckError('MALFORMED', `a want was answered by '${reply.type}'`)
  }
}
