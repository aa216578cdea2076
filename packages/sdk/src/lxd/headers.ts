// LXD's own headers. Incus has the same ones under its own name.

/** To be sent: each server reads its own and leaves the other's. */
export function ownHeaders(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : ['lxd', 'incus'].map((server) => [`x-${server}-${name}`, value]),
    ),
  )
}

export function ownHeader(headers: Record<string, string | undefined>, name: string): string | undefined {
  return headers[`x-lxd-${name}`] ?? headers[`x-incus-${name}`]
}
