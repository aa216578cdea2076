// A record for tests, with what matters to the test given.
import type { InstanceRecord } from './records.ts'

export function instanceRecord(fields: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id: 'aaaaaaaaaaaaaaaaaaaa',
    name: 'android',
    lxdName: 'ams-aaaaaaaaaaaaaaaaaaaa',
    createdAt: 0,
    goal: 'running',
    status: 'created',
    made: false,
    errorMessage: '',
    statusMessage: '',
    logsKept: false,
    storedLogs: [],
    address: '',
    image: { id: 'i', name: 'image', version: 0, fingerprint: 'f' },
    architecture: 'x86_64',
    amounts: { cpus: 1, memory: 2 ** 30, disk: 2 ** 30, gpuSlots: 0 },
    noDiskReserve: false,
    services: [],
    tags: [],
    userData: '',
    config: { deleteProtected: false, disableWatchdog: false, devmode: false, features: '', platform: '' },
    base: false,
    addons: [],
    ...fields,
  }
}
