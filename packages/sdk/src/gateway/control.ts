// Messages of the WebRTC data channel `control`, as Canonical's public browser SDK and the instance exchange them. To the
// instance `data` is an object; from it `data` is a text that holds JSON.

type Point = { x?: number; y?: number }
/** What a viewer sends: by type, its data. Key codes are those of USB HID keyboards (A is 4), not Linux's. */
export type ControlInput = {
  'input::key': { code: number; pressed: boolean }
  /** In pixels of the video; `rx` and `ry` are relative. */
  'input::mouse-move': Point & { rx: number; ry: number }
  'input::mouse-button': { button: number; pressed: boolean }
  'input::mouse-wheel': { x: -1 | 0 | 1; y: -1 | 0 | 1 }
  /** `id` is that of a finger, 0 to 9. */
  'input::touch-start': { id: number; x: number; y: number }
  'input::touch-move': { id: number; x: number; y: number }
  'input::touch-end': { id: number; last: boolean }
  'input::gamepad-button': { id: number; index: number; pressed: boolean }
  'input::gamepad-axes': { id: number; index: number; value: number }
  /** 1 text, 2 key code, 3 action, 4 composing text, 5 composing region. */
  'input::ime-event': { type: 1 | 2 | 3 | 4 | 5; data: unknown }
  /** `time` is in milliseconds. */
  'location::update-position': {
    format: 'wgs84' | 'nmea'
    time: number
    latitude: number
    longitude: number
    altitude: number
    speed: number
    bearing: number
  }
  /** With one colon. At most every 10 ms. */
  'sensor:event': { sensor: 'orientation' | 'acceleration' | 'gyroscope' } & Record<string, unknown>
  'vhal::get-all-prop-configs': Record<string, never>
  'vhal::get': Record<string, unknown>
  'vhal::set': Record<string, unknown>
  /** On leaving. */
  'stream::disconnect': Record<string, never>
}

/** What an instance sends; `type` is a word such as `open-camera` or `show-ime`, or the application's own. */
export type ControlMessage = { type: string; data: unknown }

export function encodeControl<T extends keyof ControlInput>(type: T, data: ControlInput[T]): string {
  return JSON.stringify({ type, data })
}

/** Reads a message of the instance; undefined when it is none. Data that is no JSON stays a text. */
export function decodeControl(raw: string): ControlMessage | undefined {
  try {
    const value: unknown = JSON.parse(raw)
    if (typeof value !== 'object' || value === null) return undefined
    const { type, data } = value as { type?: unknown; data?: unknown }
    return typeof type === 'string' ? { type, data: parsed(data) } : undefined
  } catch {
    return undefined
  }
}

function parsed(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
