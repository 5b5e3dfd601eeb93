/** What a person should do about a refusal: Spanish first, English beside. */
export const hints = {
  keepAndRestore: 'Conserva este directorio como está y restaura una copia al lado. (Keep this directory as it is, and restore a backup beside it.)',
  isShareMounted: '¿Está montado el recurso compartido? El ancla de esta máquina conoce un almacén que no está ahí. (Is the share mounted? The anchor on this machine knows a store that is not there.)',
  anchorOfAnother: '¿Es este el directorio correcto? ANCHOR_PATH pertenece a un solo almacén. (Is this the right directory? ANCHOR_PATH belongs to one store.)',
  moveAnchorAway: 'Aparta el ancla, arranca otra vez y acepta la cabeza que se muestra. (Move the anchor away, start again, and accept the head that is printed.)',
  superblockCopy: 'Los mismos bytes están al principio de cada keyring. (The same bytes stand at the start of every keyring file.)',
  emptyFolder: 'Si estaba vacío, basta con poner un directorio vacío en su lugar. (Where it was empty, an empty folder in its place is enough.)',
  init: 'Créalo con: npx nexu init (make it with that command)',
  stopHolder: 'Detén antes ese proceso: solo uno puede escribir. (Stop that process first: only one may write.)',
  mustStop: 'Este proceso debe parar. (This process must stop.)',
  removeClaim: 'Ningún propietario hace una reclamación así: bórrala. (No owner makes such a claim: remove it.)',
  byPassphrase: 'Este almacén se abre con una frase. (This store is opened by a passphrase.)',
  byKey: 'Este almacén se abre con una clave, no con una frase. (This store is opened by a key, not by a passphrase.)',
  restoreKeyFile: 'Recupera el archivo de clave de su copia. (Restore the key file from its copy.)',
  newAnchor: 'El ancla de esta máquina conoce otro almacén; uno nuevo necesita un ANCHOR_PATH propio. (This machine\'s anchor knows a store; a new one needs an ANCHOR_PATH of its own.)',
  acceptHead: (name: string) => `Si este es el estado que quieres (if this is the state you want): npx nexu open --accept-head ${name}`,
  otherHead: (name: string) => `La cabeza que hay aquí no es la que se quería aceptar. (The head that is here is ${name}, not the one that was to be accepted.)`
} as const
