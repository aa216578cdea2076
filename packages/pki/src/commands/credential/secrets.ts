// The secrets that servers and clients of a deployment share: where they are in the store, made when they are missing.
import type { SecretStore } from '../../secrets/store.ts'

/** A secret that the servers own; `consumer` may read it too. */
export function sharedSecret(store: SecretStore, name: string, owner: string, consumer?: string): string[] {
  if (!store.list().some((one) => one.name === name)) store.create(owner, name, { generate: {} })
  if (consumer !== undefined) store.grant(name, { to: consumer, relation: `${owner}:clients` })
  const { value, also } = store.get(name, { as: store.describe(name).owner })
  // The newest first.
  return [value, ...also.map((one) => one.value)].map((one) => one.reveal())
}

export const turnSecret = (store: SecretStore) => sharedSecret(store, 'turn', 'coturn')
export const gatewaySecret = (store: SecretStore) => sharedSecret(store, 'gateway', 'gateway')
