import type { ConnectionEncrypter } from '@libp2p/interface'
import { tls, type TLSComponents } from '@libp2p/tls'
import { cork } from './corked-tcp.ts'

/**
 * Node joins what was written to a corked TLS socket by copying it. For small frames one encryption
 * instead of several is worth the copy (20 against 24 us a want), for bulk it is not (4.4 against
 * 3.5 CPU-s/GB).
 */
const MAX_CORKED_BYTES = 160 * 1024

/** @libp2p/tls, with the writes of one turn of the event loop in one record and one encryption. */
export function corkedTls(): (components: TLSComponents) => ConnectionEncrypter {
  const create = tls()
  return (components) => {
    const encrypter = create(components) as ConnectionEncrypter
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = async (connection, options) => {
      const secured = await secureInbound(connection, options)
      cork(secured.connection, MAX_CORKED_BYTES)
      return secured
    }
    encrypter.secureOutbound = async (connection, options) => {
      const secured = await secureOutbound(connection, options)
      cork(secured.connection, MAX_CORKED_BYTES)
      return secured
    }
    return encrypter
  }
}
