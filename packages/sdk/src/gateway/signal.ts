// Messages of the signalling socket: JSON texts, SDP and candidates in base64. Version 2, as Canonical's public browser SDK
// speaks it: the viewer says `discover`, then `settings`, and the instance offers.
import { InvalidRequestError } from '../errors.ts'

/** The version of the protocol that a viewer states. */
export const signallingVersion = 2

export type Candidate = { type: 'candidate'; candidate: string; sdpMid: string | null; sdpMLineIndex: number | null }
export type Settings = {
  type: 'settings'
  api_version: number
  /** At most 5 besides `control`. */
  data_channels: string[]
  enable_speaker: boolean
  enable_microphone: boolean
  enable_video: boolean
  enable_camera: boolean
  device_type?: string
  foreground_activity?: string
  video?: { preferred_decoder_codecs?: ('AV1' | 'H264' | 'VP8' | 'VP9')[] }
}
/** What a viewer sends. `sdp` and `candidate` are plain texts here. */
export type ViewerSignal = { type: 'discover' } | Settings | { type: 'answer'; sdp: string } | Candidate
/** What an instance sends. */
export type InstanceSignal =
  | { type: 'resp:discover'; max_api_version: number; fps?: number; capabilities?: string[] }
  | { type: 'offer'; sdp: string }
  | Candidate
  /** The end of the stream. */
  | { type: 'error'; message: string }
/** Of a later version, or damaged: handed on as it came. */
export type UnknownSignal = { type: 'unknown'; raw: string }

export function encodeSignal(signal: ViewerSignal | InstanceSignal): string {
  switch (signal.type) {
    case 'offer':
    case 'answer':
      return JSON.stringify({ ...signal, sdp: toBase64(signal.sdp) })
    case 'candidate':
      return JSON.stringify({ ...signal, candidate: toBase64(signal.candidate) })
    default:
      return JSON.stringify(signal)
  }
}

/** Never throws: what cannot be read is `unknown`. */
export function decodeSignal(raw: string): ViewerSignal | InstanceSignal | UnknownSignal {
  try {
    const value: unknown = JSON.parse(raw)
    if (typeof value === 'object' && value !== null)
      return read(value as Record<string, unknown>) ?? { type: 'unknown', raw }
  } catch {
    // No JSON, or no base64.
  }
  return { type: 'unknown', raw }
}

function read(value: Record<string, unknown>): ViewerSignal | InstanceSignal | undefined {
  const { type, sdp, candidate } = value
  if (type === 'discover') return { type }
  if ((type === 'offer' || type === 'answer') && typeof sdp === 'string') return { type, sdp: fromBase64(sdp) }
  if (type === 'candidate' && typeof candidate === 'string') {
    const { sdpMid = null, sdpMLineIndex = null } = value
    if (sdpMid !== null && typeof sdpMid !== 'string') return undefined
    if (sdpMLineIndex !== null && typeof sdpMLineIndex !== 'number') return undefined
    return { type, candidate: fromBase64(candidate), sdpMid, sdpMLineIndex }
  }
  if (type === 'error') return { type, message: String(value.message ?? '') }
  if (type === 'resp:discover' && typeof value.max_api_version === 'number') {
    const { max_api_version, fps, capabilities } = value
    return {
      type,
      max_api_version,
      ...(typeof fps === 'number' && { fps }),
      ...(Array.isArray(capabilities) && { capabilities: capabilities.map(String) }),
    }
  }
  if (type === 'settings' && typeof value.api_version === 'number') return settingsOf(value)
  return undefined
}

function settingsOf(value: Record<string, unknown>): Settings {
  const { data_channels, device_type, foreground_activity, video } = value
  return {
    type: 'settings',
    api_version: Number(value.api_version),
    data_channels: Array.isArray(data_channels) ? data_channels.map(String) : [],
    enable_speaker: value.enable_speaker === true,
    enable_microphone: value.enable_microphone === true,
    enable_video: value.enable_video === true,
    enable_camera: value.enable_camera === true,
    ...(typeof device_type === 'string' && { device_type }),
    ...(typeof foreground_activity === 'string' && { foreground_activity }),
    ...(typeof video === 'object' && video !== null && { video }),
  }
}

/** `btoa` takes bytes as letters. */
function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

function fromBase64(text: string): string {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** The settings of a viewer that shows everything and sends nothing, unless said otherwise. */
export function settings(wanted: Partial<Omit<Settings, 'type'>> = {}): Settings {
  if ((wanted.data_channels?.length ?? 0) > 5)
    throw new InvalidRequestError('a stream has at most 5 data channels besides its own', { code: 'invalid-request' })
  return {
    type: 'settings',
    api_version: signallingVersion,
    data_channels: [],
    enable_speaker: true,
    enable_microphone: false,
    enable_video: true,
    enable_camera: false,
    ...wanted,
  }
}
