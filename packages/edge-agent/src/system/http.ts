// One request and its whole answer, over a unix socket or verified TLS: for servers that are neither AMS nor LXD.
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'

export type Call = {
  method: string
  path: string
  body?: unknown
  headers?: Record<string, string>
  signal: AbortSignal
} & ({ socketPath: string } | { url: string; ca?: Buffer | undefined })

/** Bytes. */
const longest = 16 * 2 ** 20

/** @throws where there is no whole answer. */
export function call({ method, path, body, headers, signal, ...to }: Call): Promise<{ status: number; text: string }> {
  const content = body === undefined ? undefined : JSON.stringify(body)
  const options = {
    method,
    signal,
    agent: false,
    headers: { ...(content !== undefined && { 'content-type': 'application/json' }), ...headers },
  }
  return new Promise((resolve, reject) => {
    const sent =
      'url' in to
        ? secure(`${to.url.replace(/\/+$/, '')}${path}`, { ...options, minVersion: 'TLSv1.3', ca: to.ca })
        : plain({ ...options, socketPath: to.socketPath, path })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > longest) answer.destroy(new Error(`the answer to ${method} ${path} is longer than 16 MiB`))
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    sent.end(content)
  })
}
