// A peer in a process of its own, for tests that kill or stop it: answers `describe` with a
// failure at once, and a want never.
import { startPeer } from '../../../peers/net/peer.ts'
import { MESH_KEY } from './mesh.ts'

const peer = await startPeer({
  mesh: 'test',
  meshKey: MESH_KEY,
  listen: ['/ip4/127.0.0.1/tcp/0'],
  security: 'plaintext',
})
peer.network.handle((_from, request) =>
  request.type === 'want' ? new Promise(() => undefined) : Promise.resolve({ type: 'done' }),
)
process.on('disconnect', () => process.exit())
process.send?.(peer.addresses())
