// An operation's metadata may hold secrets: of the sockets of an exec (`fds`), of a token or an image (`secret`). They
// stay readable by name, but no longer show when the object is printed, serialised or copied.

export function hideSecrets(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null) return
  // The last three are the sockets of a migration.
  for (const name of ['secret', 'password', 'control', 'fs', 'criu']) hide(metadata, name)
  const { fds } = metadata as { fds?: unknown }
  if (typeof fds === 'object' && fds !== null) for (const name of Object.keys(fds)) hide(fds, name)
}

function hide(object: object, name: string): void {
  if (Object.hasOwn(object, name)) Object.defineProperty(object, name, { enumerable: false })
}
