// LXD: the files of its PKI mode, which belong into LXD_DIR, and a preseed for `lxd init`. Checked with 5.0.2:
// - it speaks TLS 1.3 only, and needs a restart to read any of the files;
// - `server.ca` must be what signed the certificates directly: the intermediate, not the root;
// - it believes every certificate that a client *sends*, not only the one whose key it holds. So its port is no security
//   boundary, and listens on loopback unless told otherwise;
// - with `core.trust_ca_certificates` anything of the CA would do for that, LXD's own certificate included, which it
//   shows to everybody. So that is always off: who gets in is in the trust store, by `joinLxd` or `lxc config trust`;
// - without it the revocation list `ca.crl` is not looked at, and a spoilt one keeps LXD from starting: it is not written.
import {
  checkAddress,
  checkAnchors,
  checkPath,
  checkPort,
  credentialFiles,
  hostPort,
  publicFile,
  type Rendered,
  type ServerOptions,
} from './rendered.ts'

export type LxdOptions = ServerOptions & {
  /** PEM: the intermediate for control. */
  trust: string
  /** 8443 unless said. */
  port?: number
}

/** @throws {InvalidRequestError} for a value that the preseed cannot hold */
export function renderLxd(options: LxdOptions): Rendered {
  const directory = checkPath(options.directory, 'directory')
  const address = hostPort(checkAddress(options.address), checkPort(options.port ?? 8443))
  const preseed = ['config:', `  core.https_address: "${address}"`, '  core.trust_ca_certificates: "false"']
  return {
    files: [
      ...credentialFiles(options.credential),
      publicFile('server.ca', 'trust', checkAnchors(options.trust, 'trust')),
      publicFile('preseed.yaml', 'configuration', `${preseed.join('\n')}\n`),
    ],
    // A trust store entry that is deleted is gone at the next request.
    reload: { configuration: 'none', leaf: 'restart', trust: 'restart', revocation: 'none' },
    start: { command: 'lxd', args: [], env: { LXD_DIR: directory } },
  }
}
