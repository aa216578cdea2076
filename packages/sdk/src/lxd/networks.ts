import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { Named } from './named.ts'
import type {
  Network,
  NetworkACL,
  NetworkACLPut,
  NetworkACLsPost,
  NetworkForward,
  NetworkForwardPut,
  NetworkForwardsPost,
  NetworkLease,
  NetworkPeer,
  NetworkPeerPut,
  NetworkPeersPost,
  NetworkPut,
  NetworkState,
  NetworksPost,
  NetworkZone,
  NetworkZonePut,
  NetworkZoneRecord,
  NetworkZoneRecordPut,
  NetworkZoneRecordsPost,
  NetworkZonesPost,
} from './types.ts'

export class LxdNetworks extends Named<Network, NetworksPost, NetworkPut> {
  constructor(api: Api) {
    super(api, '/1.0/networks')
  }

  async rename(name: string, to: string, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.at(name), { body: { name: to }, ...options })
  }

  /** Addresses, counters and the link. */
  state(name: string, options?: CallOptions): Promise<NetworkState> {
    return this.api.get(`${this.at(name)}/state`, {}, options)
  }

  leases(name: string, options?: CallOptions): Promise<NetworkLease[]> {
    return this.api.get(`${this.at(name)}/leases`, {}, options)
  }

  /** Forwards of a network, by their listen address. */
  forwards(network: string): Named<NetworkForward, NetworkForwardsPost, NetworkForwardPut> {
    return new Named(this.api, `${this.at(network)}/forwards`)
  }

  peers(network: string): Named<NetworkPeer, NetworkPeersPost, NetworkPeerPut> {
    return new Named(this.api, `${this.at(network)}/peers`)
  }
}

export class NetworkAcls extends Named<NetworkACL, NetworkACLsPost, NetworkACLPut> {
  constructor(api: Api) {
    super(api, '/1.0/network-acls')
  }

  async rename(name: string, to: string, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.at(name), { body: { name: to }, ...options })
  }

  /** What its rules have logged. The stream has to be read or destroyed. */
  async log(name: string, options?: CallOptions): Promise<Readable> {
    return (await this.api.raw('GET', path`/1.0/network-acls/${name}/log`, options)).body
  }
}

export class NetworkZones extends Named<NetworkZone, NetworkZonesPost, NetworkZonePut> {
  constructor(api: Api) {
    super(api, '/1.0/network-zones')
  }

  records(zone: string): Named<NetworkZoneRecord, NetworkZoneRecordsPost, NetworkZoneRecordPut> {
    return new Named(this.api, `${this.at(zone)}/records`)
  }
}
