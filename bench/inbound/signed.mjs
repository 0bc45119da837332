// Senders that do everything right, made without a line of Capri's: RSA-2048 DKIM (relaxed/relaxed) by node:crypto, and the DNS records that go with it.
import crypto from 'node:crypto';
import net from 'node:net';

const SIGNED = ['from', 'to', 'subject', 'date', 'message-id'];

export function makeSigner(domain) {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    domain,
    record: `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
    sign(message) {
      const text = message.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const fields = text.slice(0, end + 2).split(/(?<=\r\n)(?![ \t])/);
      const body = relaxedBody(text.slice(end + 4));
      const bodyHash = crypto.createHash('sha256').update(body, 'latin1').digest('base64');
      const names = SIGNED.filter((name) => fields.some((field) => field.toLowerCase().startsWith(`${name}:`)));
      const value = `v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain}; s=s1; h=${names.join(':')}; bh=${bodyHash}; b=`;
      const signed = names.map((name) => relaxedField(fields.findLast((field) => field.toLowerCase().startsWith(`${name}:`)))).join('');
      const octets = `${signed}${relaxedField(`DKIM-Signature: ${value}\r\n`).slice(0, -2)}`;
      const signature = crypto.sign('sha256', Buffer.from(octets, 'latin1'), privateKey).toString('base64').replace(/(.{70})/g, '$1\r\n\t');
      return Buffer.concat([Buffer.from(`DKIM-Signature: ${value}${signature}\r\n`, 'latin1'), message]);
    },
  };
}

/** SPF for `address`, DKIM and p=reject for each, and a name for the address. */
export function zoneOf(signers, address) {
  const zone = { [`${address.split('.').toReversed().join('.')}.in-addr.arpa`]: { PTR: ['mail.senders.example'] }, 'mail.senders.example': { A: [address] } };
  for (const { domain, record } of signers) {
    zone[domain] = { TXT: [`v=spf1 ip4:${address} -all`] };
    zone[`s1._domainkey.${domain}`] = { TXT: [record.match(/.{1,250}/g)] };
    zone[`_dmarc.${domain}`] = { TXT: [`v=DMARC1; p=reject; rua=mailto:reports@${domain}`] };
  }
  return zone;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** RFC 6376 §3.4.2 */
function relaxedField(field) {
  const colon = field.indexOf(':');
  return `${field.slice(0, colon).trim().toLowerCase()}:${field.slice(colon + 1).replace(/\r\n/g, '').replace(/[ \t]+/g, ' ').trim()}\r\n`;
}

/** RFC 6376 §3.4.4 */
function relaxedBody(body) {
  const text = body.replace(/[ \t]+/g, ' ').replace(/ \r\n/g, '\r\n').replace(/(?:\r\n)+$/, '');
  return text === '' ? '' : `${text}\r\n`;
}
