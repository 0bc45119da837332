// A DNS server on loopback for one table: sent as the first message, answered with the port.
import dgram from 'node:dgram';
import packet from 'dns-packet';

const AUTHENTIC_AND_AVAILABLE = packet.RECURSION_AVAILABLE | packet.AUTHENTIC_DATA;
process.once('message', (zone) => {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (bytes, peer) => {
    const { id, questions } = packet.decode(bytes);
    const [{ name, type }] = questions;
    const found = zone[name.toLowerCase()];
    const answers = (found?.[type] ?? []).map((data) => ({ name, type, ttl: 3600, data }));
    const flags = AUTHENTIC_AND_AVAILABLE | (found === undefined ? 3 : 0);
    const authorities = answers.length > 0 ? [] : [{ type: 'SOA', name: 'example', ttl: 600, data: { mname: 'ns.example', rname: 'root.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 600 } }];
    socket.send(packet.encode({ id, type: 'response', flags, questions, answers, authorities }), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1', () => process.send(socket.address().port));
});
process.on('disconnect', () => process.exit(0));
