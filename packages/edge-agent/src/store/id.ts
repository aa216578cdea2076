import { randomInt } from 'node:crypto'

const alphabet = '0123456789abcdefghijklmnopqrstuv'

/** An identity as AMS writes them: 20 characters, here 100 random bits. */
export const newId = () => Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join('')
