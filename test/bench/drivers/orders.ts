// What a driver can be told to do. A driver is a process that holds one client for as long as a row is measured; orders
// and answers are lines of JSON. The time is taken inside the driver.

/** A server and the credentials for it. All but the socket and the address are paths of PEM files. */
export type Target = { server: 'lxd' | 'ams' } & (
  | { socketPath: string }
  | { url: string; certificate: string; key: string; ca: string }
)

export type Orders = {
  /** GET /1.0 */
  get: Record<never, never>
  /** Every instance, whole. */
  list: Record<never, never>
  /** Runs `true` and waits for its end. */
  exec: { instance: string }
  /** Runs `command`, which writes `bytes`, and counts them; `slow` pauses 20 ms after each 4 MB. */
  output: { instance: string; command: string[]; bytes: number; slow?: boolean }
  /** Sends a file to `/tmp/bench` in the instance. */
  push: { instance: string; file: string }
  /** Fetches `/tmp/bench` from the instance into a file. */
  pull: { instance: string; file: string }
  /** Sends an image and deletes it; the deletion is not counted. */
  import: { file: string }
  /** Changes an instance's configuration and waits until the event that tells of it is here. */
  event: { instance: string }
  /** Makes an instance of `body`, starts it and waits until it has booted; its deletion is not counted. */
  launch: { body: LaunchBody }
}
export type LaunchBody = { name: string } & Record<string, unknown>

/** Each gives milliseconds. */
export type Work = { [Name in keyof Orders]?: (order: Orders[Name]) => Promise<number> }

export type Answer = { milliseconds: number[] } | { error: string }

/** A slow reader's pace. */
export const pace = { bytes: 4_000_000, milliseconds: 20 }

/** Milliseconds between two looks at a booting guest: those of the agent's boot check, for all contenders. */
export const bootPauses = [50, 50, 50, 50, 75, 75, 100, 100, 150, 200, 300, 500]
export const bootCheck = { command: ['getprop', 'sys.boot_completed'], expect: '1' }
