import { badRequest } from '../errors.ts'

/** Said to who asks for a websocket's path without asking for a websocket. */
export const onlyAsSocket = () => Promise.reject(badRequest('this is a websocket: connect with "Upgrade: websocket"'))
