// One request and its whole answer, over a unix socket or verified TLS: for servers that are neither AMS nor LXD.
import { Client } from 'undici'

export type Call = {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  body?: unknown
  headers?: Record<string, string>
  signal: AbortSignal
} & ({ socketPath: string } | { url: string; ca?: Buffer | undefined })

/** Bytes. */
const longest = 16 * 2 ** 20

/** @throws where there is no whole answer, or one of more than 16 MiB. */
export async function call({ method, path, body, headers, signal, ...to }: Call) {
  const { origin, pathname } = new URL('url' in to ? to.url : 'http://localhost')
  const tls = { minVersion: 'TLSv1.3' as const, ca: 'url' in to ? to.ca : undefined }
  const client = new Client(origin, {
    maxResponseSize: longest,
    allowH2: false,
    connect: 'url' in to ? tls : { socketPath: to.socketPath },
  })
  try {
    const answer = await client.request({
      method,
      path: `${pathname.replace(/\/+$/, '')}${path}`,
      signal,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.statusCode, text: await answer.body.text() }
  } finally {
    await client.destroy()
  }
}
