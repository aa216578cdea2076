/** A guest's architecture, as LXD and the kernel name it. */
export type Architecture = 'x86_64' | 'aarch64'

type Names = { debian: string; gnu: string; node: string; crossPackages: string[] }

export const ARCHITECTURES: Record<Architecture, Names> = {
  x86_64: {
    debian: 'amd64',
    gnu: 'x86_64-linux-gnu',
    node: 'x64',
    crossPackages: ['gcc-x86-64-linux-gnu', 'libc6-dev-amd64-cross'],
  },
  aarch64: {
    debian: 'arm64',
    gnu: 'aarch64-linux-gnu',
    node: 'arm64',
    crossPackages: ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
  },
}

/** The architecture of this machine. */
export function isNative(arch: Architecture): boolean {
  return ARCHITECTURES[arch].node === process.arch
}
