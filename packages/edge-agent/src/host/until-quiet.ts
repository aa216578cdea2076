import type { LxdClient } from '@anbox/sdk'

/** Waits for what LXD is still doing about an instance: it goes on with what an agent that died had begun. */
export async function untilQuiet(lxd: LxdClient, lxdName: string, signal: AbortSignal): Promise<void> {
  for (const operation of await lxd.operations.list({ signal })) {
    const about = (operation.resources?.instances ?? []).some((url) => url.replace(/\?.*$/, '').endsWith(`/${lxdName}`))
    if (about && !operation.final) await operation.wait({ signal }).catch(() => signal.throwIfAborted())
  }
}
