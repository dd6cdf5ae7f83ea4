import type { MessagePort } from 'node:worker_threads'
import { codeOf, isErrorCode, PotluckError } from '../../src/base/errors.ts'
import type { Answer, Performer, ShardOperation } from '../../src/objects/operation.ts'
import { type Ask, detached, type Reply } from './messages.ts'

type Waiting = {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** A shard in another thread. */
export class RemoteShard implements Performer<ShardOperation> {
  readonly #port: MessagePort
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  /** @param here answers what the other thread asks of this one */
  constructor(port: MessagePort, here: Performer<ShardOperation>) {
    this.#port = port
    port.on('message', (message: Ask | Reply) => {
      if ('operation' in message) void answerAsk(port, here, message)
      else this.#settle(message)
    })
    port.on('close', () => this.#endAll())
  }

  perform(operation: ShardOperation): Promise<Answer> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#port.postMessage({ id, operation: detached(operation) } satisfies Ask)
    })
  }

  close(): void {
    this.#port.close()
  }

  #settle({ id, answer, failure }: Reply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (answer !== undefined) return waiting?.resolve(answer)
    const { code = 'EIO', message = 'no answer' } = failure ?? {}
    waiting?.reject(new PotluckError(isErrorCode(code) ? code : 'EIO', message))
  }

  #endAll(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new PotluckError('CLOSED', 'the shard is closed'))
    }
    this.#waiting.clear()
  }
}

async function answerAsk(
  port: MessagePort,
  here: Performer<ShardOperation>,
  { id, operation }: Ask,
): Promise<void> {
  try {
    const answer = await here.perform(operation)
    port.postMessage({ id, answer: detached(answer) } satisfies Reply)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    port.postMessage({ id, failure: { code: codeOf(error), message } } satisfies Reply)
  }
}
