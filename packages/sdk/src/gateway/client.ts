import type { Limits } from '../connection/deadline.ts'
import { type AccountToken, type Common, checkAccess } from '../connection/options.ts'
import { AdbShare } from './adb.ts'
import { Gateway } from './gateway.ts'
import { NodeTransport, type NodeTransportOptions } from './node-transport.ts'
import { Signalling } from './signalling.ts'

/** The token is one of a service account of the gateway. */
export type GatewayOptions = AccountToken & Common

/** The stream gateway. Authentication is by token; there are no client certificates. */
export class GatewayClient extends Gateway {
  readonly #transport: NodeTransport

  constructor(options: GatewayOptions) {
    checkAccess(options, 'token')
    const { url, token, ...rest } = options
    const transport = new NodeTransport(rest, { url, token })
    super(transport)
    this.#transport = transport
  }

  /** ADB in the instance of a share, by the share or its URL. */
  adb(share: string | { url: string }): AdbShare {
    return new AdbShare(this.#transport, typeof share === 'string' ? share : share.url)
  }
}

/** The signalling socket of a session by its URL alone, as your own service may hand it on. */
export async function openSignalling(url: string, options: NodeTransportOptions & Limits = {}): Promise<Signalling> {
  const { signal, deadline, ...server } = options
  const transport = new NodeTransport(server)
  try {
    const socket = await transport.socket(url, { signal, deadline })
    socket.once('close', () => void transport.close())
    return new Signalling(socket, signal)
  } catch (error) {
    await transport.close()
    throw error
  }
}
