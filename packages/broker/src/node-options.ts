/** What the options say of one of several nodes: ids, ports and racks differ, and nothing else does. */
import type { BrokerOptions, ListenerOptions } from './options.ts'

/**
 * Of the node with this place among them. A port that is named is that of the first node, and the others have those
 * after it.
 */
export function listenerOfNode(options: ListenerOptions, index: number): ListenerOptions {
  const following = (port: number): number => (port === 0 ? 0 : port + index)
  const { listen, advertise } = options
  return {
    ...options,
    listen: { ...listen, port: following(listen.port) },
    advertise: advertise.port === undefined ? advertise : { ...advertise, port: following(advertise.port) },
  }
}

/** As if the node were alone. */
export function optionsOfNode(options: BrokerOptions, nodeId: number): BrokerOptions {
  const index = nodeId - options.nodeId
  const listeners = options.listeners.map((listener) => listenerOfNode(listener, index))
  return { ...options, nodeId, rack: options.racks?.[index] ?? options.rack, listeners }
}
