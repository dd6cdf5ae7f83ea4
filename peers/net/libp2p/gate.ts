import type { Connection, PeerId, StreamHandler, Topology } from '@libp2p/interface'
import type { ConnectionManager, Registrar } from '@libp2p/interface-internal'

/** Resolves once the peer at the other end of a connection has proved the mesh key. */
export type Admitted = (connection: Connection) => Promise<unknown>

type Components = { readonly registrar: Registrar; readonly connectionManager: ConnectionManager }

/**
 * Puts a libp2p service (kad-dht, gossipsub) behind the membership proof: what it serves, it serves
 * to proven peers alone (streams that come earlier wait, and are aborted if the proof fails); of a
 * connection it hears only once the proof is done; and on one that it opens itself it says nothing
 * before that. libp2p's own stream middleware would do this too, but in 3.3.11 it adds the stream's
 * handler to the list of middleware again with every stream.
 */
export function gated<T extends Components>(components: T, admitted: Admitted): T {
  const registrar = gatedRegistrar(components.registrar, admitted)
  const connectionManager = gatedConnections(components.connectionManager, admitted)
  return overlay(components, { registrar, connectionManager } as Partial<T>)
}

function gatedRegistrar(registrar: Registrar, admitted: Admitted): Registrar {
  const handle: Registrar['handle'] = (protocol, handler, options) =>
    registrar.handle(protocol, gatedHandler(handler, admitted), options)
  const register: Registrar['register'] = (protocol, topology) =>
    registrar.register(protocol, gatedTopology(topology, admitted))
  return overlay(registrar, { handle, register })
}

function gatedHandler(handler: StreamHandler, admitted: Admitted): StreamHandler {
  return async (stream, connection) => {
    // If this rejects, libp2p aborts the stream.
    await admitted(connection)
    await handler(stream, connection)
  }
}

function gatedTopology(topology: Topology, admitted: Admitted): Topology {
  const onConnect = async (peer: PeerId, connection: Connection): Promise<void> => {
    const isMember = await admitted(connection).then(
      () => true,
      () => false,
    )
    if (isMember && connection.status === 'open') await topology.onConnect?.(peer, connection)
  }
  return { ...topology, onConnect }
}

function gatedConnections(connections: ConnectionManager, admitted: Admitted): ConnectionManager {
  const openStream: ConnectionManager['openStream'] = async (peer, protocol, options) => {
    const connection = await connections.openConnection(peer, options)
    await admitted(connection)
    return connection.newStream([protocol].flat(), options)
  }
  return overlay(connections, { openStream })
}

/** The same object but for some members. */
function overlay<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T]
      const value: unknown = Reflect.get(object, name)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}
