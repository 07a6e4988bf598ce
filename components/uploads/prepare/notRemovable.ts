/** Why it cannot be proved that no location is left in a picture, as the end of a sentence. */
export class NotRemovable extends Error {
  constructor(message = 'it is damaged') {
    super(message);
  }
}
