// Changes that this node makes for peers which have not the source.
//
// A peer asks again where an answer was lost: each of its changes has a number, is made once, and is
// answered alike as long as it may ask. What it has open is closed when it has been silent for a while
// and answers nothing: else the files of dead peers would be open for ever.
// It must never let one peer use what another has open.
import type { Clock } from '../../ports/clock.ts'
import type { PeerId, Reply, Request } from '../../ports/messages.ts'
import type { Network } from '../../ports/network.ts'
import type { Change, Made } from '../../ports/writable-source.ts'
import { PotluckError } from '../../base/errors.ts'
import type { MakeOptions } from '../../authority/changes/source-changes.ts'

/** Answers kept of one peer; it has fewer changes under way at a time. */
const ANSWERS_KEPT = 512
const SESSIONS_MAX = 8_192
/** Who has something open and says nothing for so long is asked whether it lives. */
const SILENT_MS = 60_000
const LOOK_MS = 30_000
/** Who does not answer so often in a row is dead. */
const SILENCES_MAX = 3

type ChangeRequest = Request & { readonly type: 'change' }

type Session = {
  readonly peer: PeerId
  readonly volume: string
  readonly answers: Map<number, Promise<Reply>>
  readonly handles: Set<number>
  heardMs: number
  /** How often it gave no sign of life in a row. */
  silences: number
}

export type ChangesForPeersInit = {
  readonly clock: Clock
  readonly network: Network
  /** This node's life. */
  readonly epoch: number
  /** Makes a change here, takes in what it left behind, and tells everyone. */
  readonly make: (volume: string, change: Change, options: MakeOptions) => Promise<Made>
}

export class ChangesForPeers {
  readonly #init: ChangesForPeersInit
  /** The one heard last is the last. */
  readonly #sessions = new Map<string, Session>()
  #cancelLook: (() => void) | undefined

  constructor(init: ChangesForPeersInit) {
    this.#init = init
  }

  /** Files that peers have open here. */
  get openHandles(): number {
    let open = 0
    for (const { handles } of this.#sessions.values()) open += handles.size
    return open
  }

  stop(): void {
    this.#cancelLook?.()
  }

  /** @throws PotluckError what the change failed with; NO_SOURCE; EBADF for others' handles */
  answer(from: PeerId, request: ChangeRequest): Promise<Reply> {
    const session = this.#sessionOf(from, request)
    const { number, change } = request
    const known = session.answers.get(number)
    if (known !== undefined) return known
    const answer = this.#make(session, request)
    // What changes nothing may as well be done twice, and its answers are the large ones.
    const isKept = change.type !== 'read' && change.type !== 'seek'
    if (isKept) keepAnswer(session, number, answer)
    return answer
  }

  async #make(session: Session, { volume, change, caller }: ChangeRequest): Promise<Reply> {
    for (const handle of handlesIn(change)) {
      if (session.handles.has(handle)) continue
      throw new PotluckError('EBADF', `no file of yours has the handle ${handle}`)
    }
    const made = await this.#init.make(volume, change, { caller, by: session.peer })
    if (change.type === 'close') session.handles.delete(change.handle)
    if (made.handle !== undefined) {
      session.handles.add(made.handle)
      this.#lookLater()
    }
    return { type: 'made', epoch: this.#init.epoch, made }
  }

  #sessionOf(peer: PeerId, { session, volume }: ChangeRequest): Session {
    const name = `${peer} ${session} ${volume}`
    const heardMs = this.#init.clock.now()
    const known = this.#sessions.get(name)
    const one = known ?? {
      peer,
      volume,
      answers: new Map(),
      handles: new Set(),
      heardMs,
      silences: 0,
    }
    one.heardMs = heardMs
    one.silences = 0
    this.#sessions.delete(name)
    this.#sessions.set(name, one)
    const [oldest] = this.#sessions
    if (this.#sessions.size > SESSIONS_MAX && oldest !== undefined) this.#end(...oldest)
    return one
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#init.clock.after(LOOK_MS, () => {
      this.#cancelLook = undefined
      const now = this.#init.clock.now()
      for (const [name, session] of this.#sessions) {
        const isSilent = session.handles.size > 0 && now - session.heardMs > SILENT_MS
        if (isSilent) void this.#askWhetherAlive(name, session)
      }
      if (this.openHandles > 0) this.#lookLater()
    })
  }

  async #askWhetherAlive(name: string, session: Session): Promise<void> {
    try {
      await this.#init.network.request(session.peer, { type: 'heads' })
      session.heardMs = this.#init.clock.now()
      session.silences = 0
    } catch {
      // One message may be lost; nothing that is open may be lost with it.
      session.silences += 1
      const isDead = session.silences >= SILENCES_MAX
      if (isDead && this.#sessions.get(name) === session) this.#end(name, session)
    }
  }

  #end(name: string, { volume, handles }: Session): void {
    this.#sessions.delete(name)
    const caller = { uid: 0, gid: 0, groups: [], umask: 0 }
    for (const handle of handles) {
      // One that can't be closed is not open any more.
      this.#init.make(volume, { type: 'close', handle }, { caller }).catch(() => undefined)
    }
    handles.clear()
  }
}

function keepAnswer({ answers }: Session, number: number, answer: Promise<Reply>): void {
  answers.set(number, answer)
  answer.catch(() => undefined)
  const [oldest] = answers.keys()
  if (answers.size > ANSWERS_KEPT && oldest !== undefined) answers.delete(oldest)
}

/** The handles that a change is about. */
export function handlesIn(change: Change): number[] {
  if ('handle' in change) return [change.handle]
  if ('of' in change) {
    return change.type === 'copy' ? [change.of.handle, change.to.handle] : [change.of.handle]
  }
  const target = 'on' in change ? change.on : change.type === 'link' ? change.from : undefined
  return target?.handle === undefined ? [] : [target.handle]
}
