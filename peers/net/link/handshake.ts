import type { Connection } from '@libp2p/interface'
import { PotluckError } from '../../../src/base/errors.ts'
import type { PeerId } from '../../../src/ports/messages.ts'
import { ByteReader, malformed } from '../../../src/wire/reader.ts'
import { FRAME } from './frame.ts'
import type { Outbox } from './outbox.ts'
import {
  isSameMac,
  MAC_BYTES,
  makeNonce,
  NONCE_BYTES,
  prove,
  type Nonces,
  type ProofParties,
} from './proof.ts'

const MAX_MESH_BYTES = 128

type HandshakeInit = {
  readonly connection: Connection
  readonly outbox: Outbox
  readonly self: PeerId
  readonly peer: PeerId
  readonly mesh: string
  readonly meshKey: Uint8Array
}

const OTHER_MESH = 1
const OTHER_KEY = 2

/**
 * The first three frames of a link, by which both peers prove that they hold the mesh key:
 * the dialler's `hello` (nonce, mesh), the listener's `answer` (nonce, proof), the dialler's
 * `proof`. The listener proves first; so a stranger who dials learns one proof bound to its own
 * peer id, which is of no use to anyone.
 */
export class Handshake {
  readonly #init: HandshakeInit
  readonly #parties: ProofParties
  readonly #isDialler: boolean
  readonly #nonce = makeNonce()
  #nonces: Nonces | undefined

  constructor(init: HandshakeInit) {
    this.#init = init
    this.#isDialler = init.connection.direction === 'outbound'
    const { self, peer, mesh } = init
    this.#parties = this.#isDialler
      ? { mesh, dialler: self, listener: peer }
      : { mesh, dialler: peer, listener: self }
  }

  start(): void {
    if (!this.#isDialler) return
    const { outbox, mesh } = this.#init
    outbox.frame(FRAME.hello, 0, (writer) => {
      writer.raw(this.#nonce)
      writer.text(mesh, MAX_MESH_BYTES)
    })
  }

  /**
   * Takes the peer's next frame; true once it has proved the mesh key.
   *
   * @throws PotluckError REFUSED where the peer has another mesh or key, or says so of us
   */
  frame(type: number, body: Buffer): boolean {
    if (type === FRAME.refused) throw this.#refusedBy(body[0])
    const reader = new ByteReader(body)
    if (type === FRAME.hello && !this.#isDialler && this.#nonces === undefined) {
      this.#onHello(reader)
      return false
    }
    if (type === FRAME.answer && this.#isDialler) return this.#onAnswer(reader)
    if (type === FRAME.proof && !this.#isDialler && this.#nonces !== undefined) {
      this.#check(reader, 'dialler', this.#nonces)
      return true
    }
    throw malformed(`an unexpected frame ${type} before the proof`)
  }

  #onHello(reader: ByteReader): void {
    const dialler = Buffer.from(reader.fixed(NONCE_BYTES), 'latin1')
    const mesh = reader.text(MAX_MESH_BYTES)
    reader.end()
    if (mesh !== this.#init.mesh) {
      throw this.#refuse(OTHER_MESH, `is of the mesh '${mesh}', not of '${this.#init.mesh}'`)
    }
    const nonces = { dialler, listener: this.#nonce }
    this.#nonces = nonces
    this.#init.outbox.frame(FRAME.answer, 0, (writer) => {
      writer.raw(this.#nonce)
      writer.raw(this.#prove('listener', nonces))
    })
  }

  #onAnswer(reader: ByteReader): boolean {
    const listener = Buffer.from(reader.fixed(NONCE_BYTES), 'latin1')
    const nonces = { dialler: this.#nonce, listener }
    this.#check(reader, 'listener', nonces)
    this.#init.outbox.frame(FRAME.proof, 0, (writer) => writer.raw(this.#prove('dialler', nonces)))
    return true
  }

  #check(reader: ByteReader, role: 'dialler' | 'listener', nonces: Nonces): void {
    const mac = Buffer.from(reader.fixed(MAC_BYTES), 'latin1')
    reader.end()
    if (!isSameMac(mac, this.#prove(role, nonces))) {
      throw this.#refuse(OTHER_KEY, 'holds another mesh key')
    }
  }

  #prove(role: 'dialler' | 'listener', nonces: Nonces): Uint8Array {
    return prove(this.#init.meshKey, role, { parties: this.#parties, nonces })
  }

  #refuse(reason: number, why: string): PotluckError {
    this.#init.outbox.frame(FRAME.refused, 0, (writer) => writer.u8(reason))
    return new PotluckError('REFUSED', `peer ${this.#init.peer} ${why}`)
  }

  #refusedBy(reason: number | undefined): PotluckError {
    const { peer, mesh } = this.#init
    const why = reason === OTHER_MESH ? `is not of the mesh '${mesh}'` : 'holds another mesh key'
    return new PotluckError('REFUSED', `peer ${peer} refused us: it ${why}`)
  }
}
