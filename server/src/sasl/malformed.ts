/** What a client sent is no message of its mechanism: thrown inside an exchange, and turned by its driver into a refusal that says and takes the same as every other. */
import { SignInRefused } from '#directory/directory.ts';

export class MalformedResponse extends SignInRefused {
  constructor() {
    super('malformed');
    this.name = 'MalformedResponse';
  }
}
